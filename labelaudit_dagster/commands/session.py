"""`labelaudit session`: who is invited and signed in, and ending that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, output, plain, say, table
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.store import (
    Database,
    Invitation,
    Session,
    list_invitations,
    list_sessions,
    revoke_invitation,
    revoke_session,
)


class UnknownSessionError(ExpectedFailure, LookupError):
    """No invitation and no session has the id."""


@click.group()
def session() -> None:
    """Show and end invitations and sessions; `labelaudit invite` makes invitations."""


@session.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """List invitations and the sessions that they gave, ended ones too. It only reads."""
    settings = opening.settings()
    now = datetime.now(UTC)
    with opening.reading_database(settings) as database:
        invitations = [] if database is None else list_invitations(database)
        sessions = [] if database is None else list_sessions(database)
    documents = [
        *(_document(item.invitation_id, "invitation", item, now) for item in invitations),
        *(_document(item.session_id, "session", item, now) for item in sessions),
    ]
    if as_json:
        emit_json(documents)
        return
    if not documents:
        say("Nobody was invited. Make an invitation with: labelaudit invite --role auditor")
        return
    shown = table(
        "", [(name, False) for name in ("id", "kind", "role", "whose", "made at", "state")]
    )
    for row in documents:
        shown.add_row(
            row["id"],
            row["kind"],
            row["role"],
            plain(row["subject"] or ""),
            row["created_at"][:16].replace("T", " "),
            row["state"],
        )
    output().print(shown)


@session.command("revoke")
@click.argument("session_id")
@json_option
def revoke(session_id: str, as_json: bool) -> None:
    """End the invitation or session with this SESSION_ID (see `labelaudit session list`) at once.

    Sessions that an invitation gave stay until they are ended themselves.
    """
    # Whoever gives the whole text must not find its secret in an error message.
    session_id = session_id.removeprefix("lai_").removeprefix("las_").partition("_")[0]
    settings = opening.settings()
    now = datetime.now(UTC)
    with Database.open(settings.resolved_database_url) as database:
        if any(item.invitation_id == session_id for item in list_invitations(database)):
            invitation = revoke_invitation(database, session_id, now)
            document = _document(session_id, "invitation", invitation, now)
        elif any(item.session_id == session_id for item in list_sessions(database)):
            ended = revoke_session(database, session_id, now=now)
            document = _document(session_id, "session", ended, now)
        else:
            raise UnknownSessionError(
                f"There is no invitation and no session {session_id!r}; "
                "find its id with: labelaudit session list"
            )
    if as_json:
        emit_json(document)
        return
    say(f"The {document['kind']} {session_id} is {document['state']}.")


def _document(
    identifier: str, kind: str, item: Invitation | Session, now: datetime
) -> dict[str, Any]:
    return {
        "id": identifier,
        "kind": kind,
        "role": item.role,
        "subject": item.subject,
        "created_at": _moment(item.created_at),
        "expires_at": _moment(item.expires_at),
        "revoked_at": _moment(item.revoked_at),
        "state": _state(item, now),
    }


def _state(item: Invitation | Session, now: datetime) -> str:
    if item.revoked_at is not None:
        return "revoked"
    if item.is_valid(now):
        return "valid"
    if isinstance(item, Invitation) and item.uses >= item.uses_allowed:
        return "used"
    return "expired"


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")
