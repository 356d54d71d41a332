"""What all imports share: choosing the mode, refusing what is unusable, telling what was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from labelaudit_dagster.commands.console import json_option, output, say_result, table
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.importers import Community, Corpus
    from labelaudit_dagster.store import ImportMode


class UnusableSourceError(ExpectedFailure, ValueError):
    """A source was read, and holds nothing that can be used."""


def mode_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --replace, --merge and --json to a command."""
    command = click.option(
        "--merge", is_flag=True, help="Add a second source; its ids get a prefix of their own."
    )(command)
    command = click.option(
        "--replace", is_flag=True, help="Put this source in the place of what the home holds."
    )(command)
    return json_option(command)


def chosen_mode(*, replace: bool, merge: bool) -> ImportMode:
    """Return what to do when the home holds another source already.

    Raises:
        click.UsageError: if both are asked for.
    """
    if replace and merge:
        raise click.UsageError("--replace and --merge exclude each other; choose one.")
    return "replace" if replace else "merge" if merge else "refuse"


def opened_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        UnusableSourceError: if it cannot be opened.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise UnusableSourceError(
            f"{path} cannot be read ({error.strerror}); check the path."
        ) from error


@contextmanager
def named_failures(origin: str) -> Iterator[None]:
    """Let every failure to read a source name it.

    Raises:
        UnusableSourceError: naming the source and what is wrong with it.
    """
    from labelaudit_dagster.importers import ImportFailure

    try:
        yield
    except ImportFailure as failure:
        text = str(failure)
        raise UnusableSourceError(text if origin in text else f"{origin}: {text}") from failure


def judge(source: Community | Corpus, table_name: str, origin: str, settings: Settings) -> None:
    """Refuse a source from which nothing sensible can be computed.

    Args:
        source: what an importer returned.
        table_name: its table of ratings.
        origin: where it came from, for the message.
        settings: the largest acceptable share of unusable ratings.

    Raises:
        UnusableSourceError: naming the commonest reasons.
    """
    from labelaudit_dagster.importers.quality import quarantine_verdict

    verdict = quarantine_verdict(source, settings.max_quarantined_share, table_name)
    if source.table(table_name).empty:
        raise UnusableSourceError(
            f"{origin}: There is no usable rating in it: {verdict.sentence} Nothing was stored."
        )
    if not verdict.acceptable:
        raise UnusableSourceError(f"{origin}: {verdict.sentence} Nothing was stored.")


def counted(source: Community | Corpus) -> dict[str, Any]:
    """Return what `--json` prints of the rows of a source: kept, left out, and warned of."""
    from labelaudit_dagster.importers.quality import quarantine_summary

    return {
        "tables": {
            name: {
                "rows_in": counts.rows_in,
                "rows_kept": counts.rows_kept,
                "rows_quarantined": counts.rows_quarantined,
                "rows_passed": counts.rows_passed,
            }
            for name, counts in source.counts.items()
        },
        "quarantined": quarantine_summary(source.quarantine),
        "warnings": dict(source.warnings),
    }


def show_counts(source: Community | Corpus, title: str) -> None:
    """Print the rows of each table: in, kept, quarantined."""
    shown = table(
        title, [("table", False), ("rows in", True), ("kept", True), ("quarantined", True)]
    )
    for name, row in source.counts.items():
        shown.add_row(
            name.replace("_", " "),
            f"{row.rows_in:,}",
            f"{row.rows_kept:,}",
            f"{row.rows_quarantined:,}",
        )
    output().print(shown)


def show_left_out(source: Community | Corpus) -> None:
    """Print what was quarantined and why, and the warnings."""
    from labelaudit_dagster.importers import REASONS, WARNINGS
    from labelaudit_dagster.importers.quality import quarantine_summary

    for entry in quarantine_summary(source.quarantine):
        say_result(f"{entry['rows']:,} of {entry['table']}: {REASONS[entry['reason']]}")
    for kind, times in sorted(source.warnings.items()):
        say_result(f"{times:,} times: {WARNINGS[kind]}")
