"""The `labelaudit` command. Each subcommand lives in `labelaudit_dagster.commands`.

Subcommands load when they are called, so that `labelaudit --help` answers at once.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click

from labelaudit_dagster.failures import ExpectedFailure


class LazyGroup(click.Group):
    """A group whose subcommands are imported on use; `lazy` maps a name to `module:attribute`."""

    def __init__(
        self, *args: Any, lazy: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the subcommands in the order in which a newcomer needs them."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a subcommand and return the command."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing them."""
        rows = [(name, text) for name, (_, text) in self._lazy.items()]
        rows += [
            (name, command.get_short_help_str()) for name, command in sorted(self.commands.items())
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


COMMANDS = "labelaudit_dagster.commands"


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    lazy={
        "demo": (f"{COMMANDS}.demo:demo", "Run everything on the built-in sample"),
        "import": (f"{COMMANDS}.import_data:import_data", "Load ratings into this home"),
        "run": (f"{COMMANDS}.run:run", "Compute the constitution, the audits, or both"),
        "constitution": (f"{COMMANDS}.constitution:constitution", "Show the current constitution"),
        "label": (f"{COMMANDS}.label:label", "Label comments in bulk, and train on the labels"),
        "audit": (f"{COMMANDS}.audit:audit", "Where the system disagrees with a person"),
        "publish": (f"{COMMANDS}.publish:publish", "Publish the constitution, through the gate"),
        "demographics": (
            f"{COMMANDS}.demographics:demographics",
            "Demographics from Prolific to the platform",
        ),
        "status": (f"{COMMANDS}.status:status", "What is current, how old, what failed"),
        "doctor": (f"{COMMANDS}.doctor:doctor", "Check this installation and say what to do"),
        "backup": (f"{COMMANDS}.backup:backup", "Copy this home into one file"),
        "restore": (f"{COMMANDS}.backup:restore", "Make a home of such a file"),
        "prune": (f"{COMMANDS}.prune:prune", "Remove old versions and the records of old runs"),
        "serve": (f"{COMMANDS}.serve:serve", "Serve the embedded platform and the API"),
        "token": (f"{COMMANDS}.token:token", "Make, list and revoke tokens of the API"),
        "invite": (f"{COMMANDS}.invite:invite", "Make a link that signs somebody in"),
        "session": (f"{COMMANDS}.session:session", "List and end invitations and sessions"),
        "export-person": (
            f"{COMMANDS}.forget:export_person",
            "Everything that is stored about somebody",
        ),
        "forget": (f"{COMMANDS}.forget:forget", "Delete everything about somebody for good"),
        "dagster": (f"{COMMANDS}.dagster:dagster", "The Dagster UI and daemon on this home"),
        "instability": (
            f"{COMMANDS}.instability:instability",
            "How the accepted set depends on the seed, by method",
        ),
    },
)
@click.version_option(package_name="labelaudit", prog_name="labelaudit")
def labelaudit() -> None:
    """Let people decide, and check, what an AI system does.

    State lives in one folder, LABELAUDIT_HOME (default: ./.labelaudit).
    """


def main() -> None:
    """Run the command line; an expected failure ends with its message and exit code 1."""
    try:
        labelaudit(standalone_mode=True)
    except ExpectedFailure as failure:
        click.echo(f"Error: {failure}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of a pipe has gone; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
