"""`labelaudit status`: what is current, how old, what was left out, what failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, output, say_result, table
from labelaudit_dagster.home_status import home_status


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show what this home holds. It only reads."""
    settings = opening.settings()
    with opening.reading_database(settings) as database:
        document = home_status(
            settings, opening.artifact_store(settings), database, now=datetime.now(UTC)
        )
    if as_json:
        emit_json(document)
    else:
        _show(document)


def _show(document: dict[str, Any]) -> None:
    console = output()
    say_result(f"Home {document['home']}")
    for source in document["sources"]:
        say_result(f"Source: {source['name']}, imported {source['imported_at']}")
    if not document["sources"]:
        say_result("Nothing has been imported yet: labelaudit import --help")
    if document["tables"]:
        rows = table(
            "", [("table", False), ("rows in", True), ("kept", True), ("quarantined", True)]
        )
        for name, counts in document["tables"].items():
            rows.add_row(
                name.replace("_", " "),
                f"{counts['rows_in']:,}",
                f"{counts['rows_kept']:,}",
                f"{counts['rows_quarantined']:,}",
            )
        console.print(rows)
    for entry in document["quarantine"]:
        say_result(f"{entry['rows']:,} of {entry['table']}: {entry['reason']}")
    made = table("", [("result", False), ("made at", False), ("age", True), ("version", False)])
    for name, asset in document["assets"].items():
        if asset is None:
            made.add_row(name.replace("_", " "), "never", "", "")
        else:
            made.add_row(
                name.replace("_", " "),
                asset["created_at"],
                _age(asset["age_seconds"]),
                asset["version"],
            )
    console.print(made)
    if document["unused_ratings"]:
        say_result(
            f"{document['unused_ratings']:,} ratings came after the current constitution: "
            "labelaudit run constitution"
        )
    _show_audit(document["audit"])
    if document["failed_runs"] is None:
        say_result("Failed runs are not shown: Dagster's storage opens for writing only.")
    for failed in document["failed_runs"] or ():
        reasons = " ".join(failed["problems"]) or "no reason was recorded"
        say_result(f"Failed at {failed['at']}: {failed['job']}: {reasons}")


def _show_audit(audit: dict[str, Any] | None) -> None:
    if audit is None:
        return
    if not audit["corpus_is_prepared"]:
        say_result("The comments have changed since the last audit run: labelaudit run audit")
    say_result(f"{audit['users']:,} people have labelled, for {audit['models']:,} models.")
    waiting = audit["users_without_current_results"]
    if waiting:
        say_result(f"{waiting:,} of them wait for results: labelaudit run audit")


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"
