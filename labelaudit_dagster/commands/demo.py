"""`labelaudit demo`: everything on the built-in sample."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import output, progress
from labelaudit_dagster.commands.constitution import show_constitution
from labelaudit_dagster.commands.import_data import store_community
from labelaudit_dagster.commands.run import compute_constitution


@click.command()
def demo() -> None:
    """Import the built-in sample, compute its constitution and show it.

    The sample is a simulated community with a majority and a minority, written for this purpose:
    some guidelines are planted to please everybody, some only the majority.
    """
    from labelaudit_dagster.sample import community

    settings = opening.settings()
    with progress("importing the built-in sample") as tell:
        store_community(settings, community(), "refuse", datetime.now(UTC))
        compute_constitution(settings, options={}, skip_uncertainty=False, tell=tell)
    show_constitution(opening.artifact_store(settings), everything=False)
    console = output()
    console.print(_majority_note(settings.home.name))


def _majority_note(home: str) -> str:
    """What to type next."""
    prefix = "" if home == ".labelaudit" else f"LABELAUDIT_HOME={home} "
    return (
        "\nWhat next:\n"
        f"  {prefix}.venv/bin/labelaudit constitution --all     every guideline, with reasons\n"
        f"  {prefix}.venv/bin/labelaudit dagster                the graph, its pictures and checks "
        "in the Dagster UI\n"
        "  .venv/bin/labelaudit import export FILE.json          your own ratings, in a home of "
        "their own\n"
        "  .venv/bin/labelaudit import polis FOLDER"
    )
