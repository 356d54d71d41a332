"""Speed and memory of the audit API: a server in its own process, a load generator in another."""
