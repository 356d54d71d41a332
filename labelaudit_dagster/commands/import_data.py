"""`labelaudit import`: load ratings into this home."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, progress, say, say_result
from labelaudit_dagster.commands.import_ratings import ratings
from labelaudit_dagster.commands.imported_sources import (
    chosen_mode,
    counted,
    judge,
    mode_options,
    named_failures,
    opened_file,
    show_counts,
    show_left_out,
)
from labelaudit_dagster.home import exclusive, prepare_home
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.importers import Community
    from labelaudit_dagster.store import ImportMode, ImportReport


@click.group("import")
def import_data() -> None:
    """Load ratings into this home.

    Importing the same source again updates it. A second, different source is refused unless you
    choose --replace or --merge.
    """


@import_data.command("export")
@click.argument("source", metavar="FILE|URL")
@mode_options
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
        with opened_file(Path(source)) as stream:
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
@mode_options
def polis(folder: Path, include_moderated: bool, replace: bool, merge: bool, as_json: bool) -> None:
    """Load a Polis export: a FOLDER with comments.csv and votes.csv or participants-votes.csv."""
    from labelaudit_dagster.importers import polis_files, read_polis

    def read(now: datetime) -> Community:
        files = polis_files(folder)
        with ExitStack() as stack:

            def opened(path: Path | None) -> BinaryIO | None:
                return None if path is None else stack.enter_context(opened_file(path))

            return read_polis(
                stack.enter_context(opened_file(files.comments)),
                opened(files.votes),
                opened(files.participants_votes),
                opened(files.summary),
                include_moderated=include_moderated,
                now=now,
            )

    _load(read, str(folder), replace=replace, merge=merge, as_json=as_json)


def _load(
    read: Callable[[datetime], Community], origin: str, *, replace: bool, merge: bool, as_json: bool
) -> None:
    """Read a source, judge it, and store it in one transaction."""
    mode = chosen_mode(replace=replace, merge=merge)
    settings = opening.settings()
    now = datetime.now(UTC)
    with progress(f"reading {origin}") as tell:
        with named_failures(origin):
            community = read(now)
        judge(community, "guideline_ratings", origin, settings)
        tell("storing")
        report = store_community(settings, community, mode, now)
    if as_json:
        emit_json(report_document(community, report))
        return
    show_report(community, report)
    say("Next: labelaudit run constitution")


import_data.add_command(ratings)


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
    return {
        "source": report.source,
        "is_new": report.is_new,
        "prefix": report.prefix,
        "replaced": list(report.replaced),
        **counted(community),
        "ratings": {
            "added": report.ratings.added,
            "changed": report.ratings.changed,
            "ended": report.ratings.ended,
            "unchanged": report.ratings.unchanged,
        },
    }


def show_report(community: Community, report: ImportReport) -> None:
    """Print what was kept, what was not and why."""
    show_counts(community, f"Imported {report.source}")
    passed = community.counts["guideline_ratings"].rows_passed
    if passed:
        say_result(f"{passed:,} votes were passes, which are no ratings.")
    show_left_out(community)
