"""`labelaudit dagster`: the Dagster UI and daemon on this home."""

from __future__ import annotations

import os
import sys

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import say
from labelaudit_dagster.home import prepare_home


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
def dagster(host: str, port: int) -> None:
    """Start the Dagster UI and its daemon on this home; end them with Ctrl-C.

    Unlike a plain `dagster dev`, this shows the runs that the command line started.
    """
    settings = opening.settings()
    prepare_home(settings)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(settings.dagster_home),
        "LABELAUDIT_HOME": str(settings.home),
    }
    say(f"Dagster on {settings.home}: http://{host}:{port}")
    arguments = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "--module-name",
        "labelaudit_dagster.definitions",
        "--host",
        host,
        "--port",
        str(port),
    ]
    # In place of this process, so that signals reach Dagster itself.
    os.execve(sys.executable, arguments, environment)  # noqa: S606 - a fixed program, no shell
