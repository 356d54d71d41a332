"""`labelaudit constitution`: show the current constitution, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import (
    emit_json,
    json_option,
    output,
    plain,
    say_result,
    table,
)
from labelaudit_dagster.commands.constitution_history import show_history
from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    from labelaudit_dagster.artifacts import ArtifactStore


class NoConstitutionError(ExpectedFailure, LookupError):
    """No constitution has been computed in this home yet."""


@click.command()
@json_option
@click.option("--all", "everything", is_flag=True, help="Every guideline, not the accepted alone.")
@click.option(
    "--history", is_flag=True, help="The status log: what each constitution changed, and why."
)
@click.option("--guideline", metavar="ID", help="With --history: of this guideline alone.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="With --history: the last N constitutions.  [all]",
)
def constitution(
    as_json: bool, everything: bool, history: bool, guideline: str | None, limit: int | None
) -> None:
    """Show the current constitution: what is in, why, and how sure that is."""
    if not history and (guideline is not None or limit is not None):
        raise click.UsageError("--guideline and --limit belong to --history; give that too.")
    settings = opening.settings()
    store = opening.artifact_store(settings)
    if history:
        if not show_history(settings, guideline=guideline, limit=limit, as_json=as_json):
            _current(store)  # says that there is none
    elif as_json:
        document = _current(store)
        if not everything:
            accepted = [row for row in document["guidelines"] if row["status"] == "accepted"]
            document = {**document, "guidelines": accepted}
        emit_json(document)
    else:
        show_constitution(store, everything=everything)


def _current(store: ArtifactStore) -> dict[str, Any]:
    from labelaudit_dagster.current_constitution import read_current_constitution

    current = read_current_constitution(store)
    if current is None:
        raise NoConstitutionError(
            "This home has no constitution yet. Import ratings, then: labelaudit run constitution"
        )
    return current.document


def show_constitution(store: ArtifactStore, *, everything: bool) -> None:
    """Print the constitution as a table."""
    document = _current(store)
    console = output()
    counts = document["counts"]
    say_result(
        f"Constitution {document['version']}: {counts['accepted']:,} of "
        f"{document['n_guidelines']:,} guidelines accepted, from {document['n_ratings']:,} ratings "
        f"by {document['n_raters']:,} people."
    )
    rows = document["guidelines"]
    if not everything:
        rows = [row for row in rows if row["status"] == "accepted"]
    if rows:
        console.print()
        console.print(_table(rows, everything))
    undecided = counts["undecided"]
    if undecided:
        say_result(
            f"{undecided:,} guidelines are undecided: nearer to the threshold than the numerical "
            "error of the solution."
        )
    if not everything:
        others = document["n_guidelines"] - counts["accepted"]
        click.echo()
        say_result(f"{others:,} others, with reasons: labelaudit constitution --all")


def _table(rows: list[dict[str, Any]], everything: bool) -> Any:
    sure = any(row["p_accepted"] is not None for row in rows)
    columns = [("score", True), ("intercept", True)]
    columns += [("90 % interval", True), ("P(acc.)", True)] if sure else []
    columns += [("support", True), ("ratings", True)]
    columns += [("status", False)] if everything else []
    shown = table("", [*columns, ("guideline", False)])
    for row in rows:
        cells = [_number(row["consensus_score"]), _number(row["intercept"])]
        if sure:
            low, high = row["interval_low"], row["interval_high"]
            cells.append("-" if low is None else f"{low:.2f} to {high:.2f}")
            cells.append("-" if row["p_accepted"] is None else f"{row['p_accepted']:.0%}")
        support = row["raw_support"]
        cells.append("-" if support is None else f"{support:.0%}")
        cells.append(f"{row['n_ratings']:,}")
        if everything:
            cells.append(row["status"].replace("_", " "))
        text = row["text"]
        if everything and row["status"] != "accepted":
            failed = [reason["sentence"] for reason in row["reasons"] if not reason["passed"]]
            text = f"{text} — {' '.join(failed)}" if failed else text
        shown.add_row(*cells, plain(text))
    return shown


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
