"""`labelaudit status`: what is current, how old, what waits, what was left out, what failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, output, say_result, table
from labelaudit_dagster.home_status import attention, home_status


@click.command()
@click.option(
    "--check",
    is_flag=True,
    help="For monitoring: print only what needs attention, a line each, and end with 1 if "
    "anything does.",
)
@click.option(
    "--longest-wait",
    metavar="HOURS",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    help="Ratings and labels may wait so long before they need attention.",
)
@json_option
@click.pass_context
def status(ctx: click.Context, /, check: bool, longest_wait: float, as_json: bool) -> None:
    """Show what is current, how old it is, what waits, and what failed. It only reads."""
    settings = opening.settings()
    now = datetime.now(UTC)
    with opening.reading_database(settings) as database:
        document = home_status(settings, opening.artifact_store(settings), database, now=now)
    problems = attention(document, now=now, longest_wait=timedelta(hours=longest_wait))
    if as_json:
        emit_json({**document, "problems": problems})
    elif check:
        for problem in problems:
            say_result(problem)
    else:
        _show(document, problems)
    if check and problems:
        ctx.exit(1)


def _show(document: dict[str, Any], problems: list[str]) -> None:
    console = output()
    say_result(f"Home {document['home']}")
    for source in document["sources"]:
        say_result(f"Source of {source['of']}: {source['name']}, imported {source['imported_at']}")
    if not document["sources"]:
        say_result("Nothing has been imported yet: labelaudit import --help")
    if document["tables"]:
        rows = table(
            "",
            [
                ("table", False),
                ("rows in", True),
                ("kept", True),
                ("quarantined", True),
                ("passed", True),
                ("adds up", False),
            ],
        )
        for name, counts in document["tables"].items():
            rows.add_row(
                name.replace("_", " "),
                f"{counts['rows_in']:,}",
                f"{counts['rows_kept']:,}",
                f"{counts['rows_quarantined']:,}",
                f"{counts['rows_passed']:,}",
                "yes" if counts["conserved"] else "NO",
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
    _show_audit(document["audit"], document["waiting"]["labels"])
    _show_dagster(document["dagster"])
    _show_sizes(document["sizes"])
    if document["failed_runs"] is None:
        say_result("Failed runs are not shown: Dagster's storage opens for writing only.")
    if problems:
        say_result("Needs attention:")
    for problem in problems:
        say_result(f"  {problem}")


def _show_dagster(state: dict[str, Any] | None) -> None:
    if state is None:
        return
    daemon, runs = state["daemon"], state["runs"]
    if daemon["running"]:
        say_result(
            f"The Dagster daemon runs; {runs['started']:,} runs at work, {runs['queued']:,} queued."
        )
    elif daemon["last_heartbeat"] is None:
        say_result("The Dagster daemon has never run here, so nothing starts by itself.")
    for one in state["sensors"]:
        if not one["running"]:
            say_result(f"{one['name']}: switched off")
        elif one["last_tick"] is not None and one["error"] is None:
            why = f": {one['why']}" if one["why"] else ""
            say_result(f"{one['name']}: {one['outcome']} at {one['last_tick']}{why}")


def _show_sizes(sizes: dict[str, Any]) -> None:
    parts = [
        f"{name} {_bytes(sizes[f'{name}_bytes'])}"
        for name in ("artifacts", "database", "dagster", "cache")
        if sizes[f"{name}_bytes"] is not None
    ]
    say_result(f"On disk: {', '.join(parts)}; {_bytes(sizes['free_bytes'])} free.")


def _show_audit(audit: dict[str, Any] | None, labels: dict[str, Any] | None) -> None:
    if audit is None:
        return
    if not audit["corpus_is_prepared"]:
        say_result("The comments have changed since the last audit run: labelaudit run audit")
    have = "1 person has" if audit["users"] == 1 else f"{audit['users']:,} people have"
    models = "1 model" if audit["models"] == 1 else f"{audit['models']:,} models"
    say_result(f"{have} labelled, for {models}.")
    waiting = audit["users_without_current_results"]
    if waiting:
        say_result(f"Without current results: {waiting:,}. Make them: labelaudit run audit")
    if labels is not None and labels["n"]:
        say_result(
            f"Labels that wait for a training: {labels['n']:,}, of people: {labels['users']:,}; "
            f"the oldest since {labels['since']}."
        )


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"


def _bytes(size: int) -> str:
    for unit, length in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= length:
            return f"{size / length:.1f} {unit}"
    return f"{size} bytes"
