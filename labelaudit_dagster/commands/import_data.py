"""`labelaudit import`: load ratings into this home."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import (
    emit_json,
    json_option,
    output,
    progress,
    say,
    say_result,
    table,
)
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.home import exclusive, prepare_home
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.importers import Community
    from labelaudit_dagster.store import ImportMode, ImportReport


class UnusableSourceError(ExpectedFailure, ValueError):
    """A source was read, and holds nothing that can be used."""


@click.group("import")
def import_data() -> None:
    """Load ratings into this home.

    Importing the same source again updates it. A second, different source is refused unless you
    choose --replace or --merge.
    """


def _mode_options(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option(
        "--merge", is_flag=True, help="Add a second source; its ids get a prefix of their own."
    )(command)
    command = click.option(
        "--replace", is_flag=True, help="Put this source in the place of what the home holds."
    )(command)
    return json_option(command)


@import_data.command("export")
@click.argument("source", metavar="FILE|URL")
@_mode_options
def export(source: str, replace: bool, merge: bool, as_json: bool) -> None:
    """Load a platform export: a JSON FILE with topics, guidelines, ratings and users.

    A URL (a platform's base address, or that of its export) is fetched at once, with the key in
    LABELAUDIT_PLATFORM_API_KEY.
    """
    from labelaudit_dagster.importers import read_export

    if source.lower().startswith(("http://", "https://")):
        _load_from_platform(source, replace=replace, merge=merge, as_json=as_json)
        return

    def read(now: datetime) -> Community:
        with _opened(Path(source)) as stream:
            return read_export(stream, now=now)

    _load(read, source, replace=replace, merge=merge, as_json=as_json)


def _load_from_platform(address: str, *, replace: bool, merge: bool, as_json: bool) -> None:
    """Fetch a platform's export and load it; the base address is the identity of the source."""
    from labelaudit_dagster.importers import read_export
    from labelaudit_dagster.resources.ratings_source import export_base, fetch_snapshot

    base = export_base(address)

    def read(now: datetime) -> Community:
        snapshot = fetch_snapshot(opening.settings(), base)
        return read_export(snapshot.body, now=now, name=snapshot.origin)

    _load(read, base, replace=replace, merge=merge, as_json=as_json)


@import_data.command("polis")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--include-moderated", is_flag=True, help="Keep comments that moderators left out, too."
)
@_mode_options
def polis(folder: Path, include_moderated: bool, replace: bool, merge: bool, as_json: bool) -> None:
    """Load a Polis export: a FOLDER with comments.csv and votes.csv or participants-votes.csv."""
    from labelaudit_dagster.importers import polis_files, read_polis

    def read(now: datetime) -> Community:
        files = polis_files(folder)
        with ExitStack() as stack:

            def opened(path: Path | None) -> BinaryIO | None:
                return None if path is None else stack.enter_context(_opened(path))

            return read_polis(
                stack.enter_context(_opened(files.comments)),
                opened(files.votes),
                opened(files.participants_votes),
                opened(files.summary),
                include_moderated=include_moderated,
                now=now,
            )

    _load(read, str(folder), replace=replace, merge=merge, as_json=as_json)


def _opened(path: Path) -> BinaryIO:
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


def _load(
    read: Callable[[datetime], Community], origin: str, *, replace: bool, merge: bool, as_json: bool
) -> None:
    """Read a source, judge it, and store it in one transaction."""
    if replace and merge:
        raise click.UsageError("--replace and --merge exclude each other; choose one.")
    settings = opening.settings()
    now = datetime.now(UTC)
    with progress(f"reading {origin}") as tell:
        community = _read(read, origin, now)
        _judge(community, origin, settings)
        tell("storing")
        report = store_community(
            settings, community, "replace" if replace else "merge" if merge else "refuse", now
        )
    if as_json:
        emit_json(report_document(community, report))
        return
    show_report(community, report)
    say("Next: labelaudit run constitution")


def _read(read: Callable[[datetime], Community], origin: str, now: datetime) -> Community:
    """Read a source.

    Raises:
        UnusableSourceError: naming the source and what is wrong with it.
    """
    from labelaudit_dagster.importers import ImportFailure

    try:
        return read(now)
    except ImportFailure as failure:
        text = str(failure)
        raise UnusableSourceError(text if origin in text else f"{origin}: {text}") from failure


def _judge(community: Community, origin: str, settings: Settings) -> None:
    """Refuse a source from which nothing sensible can be computed.

    Raises:
        UnusableSourceError: naming the commonest reasons.
    """
    from labelaudit_dagster.importers.quality import quarantine_verdict

    verdict = quarantine_verdict(community, settings.max_quarantined_share)
    if community.guideline_ratings.empty:
        raise UnusableSourceError(
            f"{origin}: There is no usable rating in it: {verdict.sentence} Nothing was stored."
        )
    if not verdict.acceptable:
        raise UnusableSourceError(f"{origin}: {verdict.sentence} Nothing was stored.")


def store_community(
    settings: Settings, community: Community, mode: ImportMode, now: datetime
) -> ImportReport:
    """Store a community in the home's database."""
    from labelaudit_dagster.store import Database, import_community

    prepare_home(settings)
    with (
        exclusive(settings, "import"),
        Database.open(settings.resolved_database_url) as database,
    ):
        return import_community(database, community, mode=mode, now=now)


def report_document(community: Community, report: ImportReport) -> dict[str, Any]:
    """Return what `--json` prints of an import."""
    from labelaudit_dagster.importers.quality import quarantine_summary

    return {
        "source": report.source,
        "is_new": report.is_new,
        "prefix": report.prefix,
        "replaced": list(report.replaced),
        "tables": {
            name: {
                "rows_in": counts.rows_in,
                "rows_kept": counts.rows_kept,
                "rows_quarantined": counts.rows_quarantined,
                "rows_passed": counts.rows_passed,
            }
            for name, counts in community.counts.items()
        },
        "quarantined": quarantine_summary(community.quarantine),
        "warnings": dict(community.warnings),
        "ratings": {
            "added": report.ratings.added,
            "changed": report.ratings.changed,
            "ended": report.ratings.ended,
            "unchanged": report.ratings.unchanged,
        },
    }


def show_report(community: Community, report: ImportReport) -> None:
    """Print what was kept, what was not and why."""
    from labelaudit_dagster.importers import REASONS, WARNINGS
    from labelaudit_dagster.importers.quality import quarantine_summary

    console = output()
    counts = table(
        f"Imported {report.source}",
        [("table", False), ("rows in", True), ("kept", True), ("quarantined", True)],
    )
    for name, row in community.counts.items():
        counts.add_row(
            name.replace("_", " "),
            f"{row.rows_in:,}",
            f"{row.rows_kept:,}",
            f"{row.rows_quarantined:,}",
        )
    console.print(counts)
    passed = community.counts["guideline_ratings"].rows_passed
    if passed:
        say_result(f"{passed:,} votes were passes, which are no ratings.")
    for entry in quarantine_summary(community.quarantine):
        say_result(f"{entry['rows']:,} of {entry['table']}: {REASONS[entry['reason']]}")
    for kind, times in sorted(community.warnings.items()):
        say_result(f"{times:,} times: {WARNINGS[kind]}")
