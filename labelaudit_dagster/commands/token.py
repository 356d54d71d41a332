"""`labelaudit token`: make, list and revoke the tokens of the HTTP API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, output, plain, say, table
from labelaudit_dagster.home import prepare_home
from labelaudit_dagster.store import (
    ROLES,
    Database,
    Token,
    create_token,
    list_tokens,
    revoke_token,
)


@click.group()
def token() -> None:
    """Make, list and revoke tokens of the HTTP API.

    A program sends its token as the header `Authorization: Bearer TOKEN`. The first token ends
    the time in which every program on this machine may do everything.
    """


@token.command("create")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What it may be used for.")
@click.option("--subject", help="Whose it is: the id of a participant or auditor.")
@click.option("--name", help="What it is for, to recognise it in the list.")
@click.option("--days", type=click.IntRange(1, 36_500), help="Expires after so many days.")
@json_option
def create(
    role: str, subject: str | None, name: str | None, days: int | None, as_json: bool
) -> None:
    """Make a token and print it. It is shown this once and kept nowhere."""
    settings = opening.settings()
    prepare_home(settings)
    now = datetime.now(UTC)
    with Database.open(settings.resolved_database_url) as database:
        made, text = create_token(
            database,
            role,
            now=now,
            subject=subject,
            label=name,
            expires_at=None if days is None else now + timedelta(days=days),
        )
    if as_json:
        emit_json({**_document(made, now), "token": text})
        return
    click.echo(text)
    say(
        f"Keep it now, it is not shown again. Revoke it with: labelaudit token revoke "
        f"{made.token_id}"
    )


@token.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """List all tokens, revoked and expired ones too. It only reads."""
    settings = opening.settings()
    now = datetime.now(UTC)
    with opening.reading_database(settings) as database:
        found = [] if database is None else list_tokens(database)
    if as_json:
        emit_json([_document(item, now) for item in found])
        return
    if not found:
        say("There are no tokens. Make one with: labelaudit token create --role operator")
        return
    shown = table(
        "",
        [(heading, False) for heading in ("token", "role", "whose", "name", "made at", "state")],
    )
    for item in found:
        shown.add_row(
            item.token_id,
            item.role,
            plain(item.subject or ""),
            plain(item.label or ""),
            f"{item.created_at:%Y-%m-%d %H:%M}",
            _state(item, now),
        )
    output().print(shown)


@token.command("revoke")
@click.argument("token_id")
@json_option
def revoke(token_id: str, as_json: bool) -> None:
    """Revoke the token with this TOKEN_ID (see `labelaudit token list`) at once."""
    # Whoever gives the whole token must not find its secret in an error message.
    token_id = token_id.removeprefix("la_").partition("_")[0]
    settings = opening.settings()
    now = datetime.now(UTC)
    with Database.open(settings.resolved_database_url) as database:
        revoked = revoke_token(database, token_id, now=now)
    if as_json:
        emit_json(_document(revoked, now))
        return
    say(f"The token {revoked.token_id} is revoked since {revoked.revoked_at:%Y-%m-%d %H:%M} UTC.")


def _document(item: Token, now: datetime) -> dict[str, Any]:
    return {
        "token_id": item.token_id,
        "role": item.role,
        "subject": item.subject,
        "name": item.label,
        "created_at": _moment(item.created_at),
        "expires_at": _moment(item.expires_at),
        "revoked_at": _moment(item.revoked_at),
        "state": _state(item, now).partition(" ")[0],
    }


def _state(item: Token, now: datetime) -> str:
    if item.revoked_at is not None:
        return "revoked"
    if item.expires_at is None:
        return "valid"
    if not item.is_valid(now):
        return "expired"
    return f"valid until {item.expires_at:%Y-%m-%d}"


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")
