"""`labelaudit invite`: make a link that signs somebody in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, say
from labelaudit_dagster.home import prepare_home
from labelaudit_dagster.store import PERSONAL_ROLES, ROLES, Database, create_invitation

_OF_PEOPLE = [role for role in ROLES if role != "pipeline"]
_DEFAULT_ADDRESS = "http://127.0.0.1:8000"


@click.command()
@click.option("--role", required=True, type=click.Choice(_OF_PEOPLE), help="What they may do here.")
@click.option(
    "--subject", help="Whose data are theirs: their id. Without it they choose a name of their own."
)
@click.option(
    "--days",
    default=14,
    show_default=True,
    type=click.IntRange(1, 3650),
    help="Expires after so many days.",
)
@click.option(
    "--uses",
    default=1,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="How often it signs somebody in.",
)
@click.option("--name", help="What it is for, to recognise it in the list.")
@json_option
def invite(
    role: str, subject: str | None, days: int, uses: int, name: str | None, as_json: bool
) -> None:
    """Make an invitation and print its link. It is shown this once and kept nowhere.

    Who opens the link can sign in as SUBJECT. The first invitation ends the time in which every
    program on this machine may do everything.
    """
    settings = opening.settings()
    prepare_home(settings)
    now = datetime.now(UTC)
    with Database.open(settings.resolved_database_url) as database:
        made, text = create_invitation(
            database, role, subject, now + timedelta(days=days), now, uses=uses, label=name
        )
    link = f"{settings.public_url or _DEFAULT_ADDRESS}/join/{text}"
    if as_json:
        emit_json(
            {
                "invitation_id": made.invitation_id,
                "link": link,
                "role": made.role,
                "subject": made.subject,
                "uses": made.uses_allowed,
                "expires_at": None
                if made.expires_at is None
                else made.expires_at.isoformat().replace("+00:00", "Z"),
            }
        )
        return
    click.echo(link)
    asked = "; they choose a name" if subject is None and role in PERSONAL_ROLES else ""
    say(
        f"It signs somebody in until {made.expires_at:%Y-%m-%d} (uses: {uses}){asked}. Whoever "
        f"has it first, has it: send it privately. Take it back with: labelaudit session revoke "
        f"{made.invitation_id}"
    )
    if settings.public_url is None:
        say(
            "Where people reach the server by another address, set LABELAUDIT_PUBLIC_URL to it "
            "and links begin with that."
        )
