"""`labelaudit demographics`: from Prolific to the platform, each content once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import (
    emit_json,
    json_option,
    output,
    plain,
    progress,
    say,
    table,
)
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings


class CollectionFailedError(ExpectedFailure, RuntimeError):
    """Demographics were not collected; the next run takes it up where this one ended."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Fetch and show what would be sent; send nothing.")
@json_option
@click.pass_context
def demographics(ctx: click.Context, dry_run: bool, as_json: bool) -> None:
    """Fetch demographics of participants from Prolific and hand them to the platform.

    Only the columns of LABELAUDIT_PROLIFIC_COLUMNS are kept of a person; everything else is
    dropped as it arrives. A study whose content the platform has is not sent again. One that fails
    is named and tried again at the next run; the command then ends with exit code 1.
    """
    settings = opening.settings()
    _check(settings)
    with progress("asking Prolific") as tell:
        document = _dry_run(settings, tell) if dry_run else _collect(settings, tell)
    if as_json:
        emit_json({**document, "dry_run": dry_run})
    else:
        _show(document)
    failed = [study for study in document["studies"] if study["state"] == "failed"]
    for study in failed:
        say(f"Study {study['study_id']} failed: {study['problem']}")
    if failed:
        ctx.exit(1)


def _check(settings: Settings) -> None:
    """Name a missing key before anything is sent anywhere.

    Raises:
        Misconfigured: a key is missing, or an address cannot work.
    """
    from labelaudit_dagster.resources.demographics import demographics_target, prolific_client

    prolific_client(settings)
    demographics_target(settings)


def _collect(settings: Settings, tell: Any) -> dict[str, Any]:
    """Run the job that collects, and return its outcome.

    Raises:
        CollectionFailedError: with the reason, if there is no outcome.
    """
    from labelaudit_dagster.launch import materialised_json, run_group

    run = run_group(settings, "demographics", progress=tell)
    document = materialised_json(settings, run.run_id, "prolific_demographics", "outcome")
    if document is None:
        raise CollectionFailedError(" ".join(run.problems) or "Dagster does not say why.")
    found: dict[str, Any] = document
    return found


def _dry_run(settings: Settings, tell: Any) -> dict[str, Any]:
    """Fetch and reduce everything; store and send nothing."""
    from labelaudit_dagster.demographics_collection import collect_demographics
    from labelaudit_dagster.resources.demographics import (
        demographic_columns,
        demographics_target,
        prolific_client,
    )

    with opening.reading_database(settings) as database:
        return collect_demographics(
            prolific_client(settings),
            database,
            demographics_target(settings),
            demographic_columns(settings),
            now=datetime.now(UTC),
            dry_run=True,
            progress=tell,
        ).document()


def _show(document: dict[str, Any]) -> None:
    headings = {"study": False, "state": False, "rows": True, "people": True, "left out": False}
    shown = table(f"Demographics to {document['target']}", list(headings.items()))
    for study in document["studies"]:
        dropped = ", ".join(f"{count:,} {why}" for why, count in study["dropped"].items())
        numbers = (study["rows_in"], study["rows_kept"])
        shown.add_row(
            plain(study["study_id"]),
            plain(study["state"].replace("_", " ")),
            *("" if number is None else f"{number:,}" for number in numbers),
            plain(dropped),
        )
    output().print(shown)
    output().print(plain(f"Kept of a person: {', '.join(document['columns'])}."))
