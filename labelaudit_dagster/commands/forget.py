"""`labelaudit forget` and `labelaudit export-person`: what is stored about somebody."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, plain, say
from labelaudit_dagster.home import prepare_home
from labelaudit_dagster.store import Database


@click.command("export-person")
@click.argument("user")
def export_person(user: str) -> None:
    """Print everything that is stored about USER as one JSON document. It only reads."""
    from labelaudit_dagster.forgetting import person_document

    settings = opening.settings()
    with Database.open(settings.resolved_database_url, read_only=True) as database:
        emit_json(person_document(settings, database, user))


@click.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
def forget(user: str, yes: bool, as_json: bool) -> None:
    """Delete everything about USER for good: labels, models, results, reports, ratings, access.

    `labelaudit export-person` shows it before. What others made of it stays: constitutions that
    were published, guidelines (without the name), backups; see docs/privacy.md.
    """
    from labelaudit_dagster.forgetting import forget_user

    settings = opening.settings()
    if not yes:
        click.confirm(
            f"Delete everything about {plain(user)} for good? There is no way back.",
            abort=True,
            err=True,
        )
    prepare_home(settings)
    with Database.open(settings.resolved_database_url) as database:
        forgotten = forget_user(settings, database, user, now=datetime.now(UTC))
    if as_json:
        emit_json(
            {
                "user_id": user,
                "rows": asdict(forgotten.rows),
                "result_versions": forgotten.versions,
                "dagster_runs": forgotten.runs,
                "shared_dagster_runs": list(forgotten.shared_runs),
            }
        )
        return
    if forgotten.is_empty:
        say(f"Nothing is stored about {plain(user)}.")
    else:
        say(
            f"Forgotten: {plain(user)}. {forgotten.rows.total:,} rows of the database, "
            f"{forgotten.versions:,} versions of results and {forgotten.runs:,} runs of Dagster "
            "were deleted."
        )
    if forgotten.rows.ratings:
        say("Compute the constitution again, so that the next one is without them.")
    if forgotten.shared_runs:
        say(
            f"{len(forgotten.shared_runs):,} runs of Dagster about several people still name them; "
            f"`dagster run delete RUN_ID` deletes one, the last is {forgotten.shared_runs[-1]}."
        )
