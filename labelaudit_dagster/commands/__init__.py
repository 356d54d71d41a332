"""The subcommands of `labelaudit`, one module each."""
