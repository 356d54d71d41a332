"""Ways in, for operators: tokens of programs, invitations of people, and their sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app_api.body_schema import json_body
from app_api.problem_handlers import validation_problem
from app_api.problems import ProblemError, field_problem
from app_api.request_body import read_body, read_object
from app_api.services import Provided
from labelaudit_dagster.store import (
    Invitation,
    InvitationError,
    Role,
    Session,
    Token,
    TokenError,
    create_invitation,
    create_token,
    list_invitations,
    list_sessions,
    list_tokens,
    revoke_invitation,
    revoke_session,
    revoke_token,
)

router = APIRouter(prefix="/v1", tags=["administration"])

MAX_BODY_BYTES = 16 * 1024
LONGEST_TEXT = 200

State = Literal["valid", "used", "expired", "revoked"]
Posted = TypeVar("Posted", bound=BaseModel)


class Entrance(BaseModel):
    """A way in: a token, an invitation or a session; never its secret."""

    id: str = Field(description="Public id, by which it is revoked.")
    role: Role
    subject: str | None = Field(description="Whose it is; null for nobody by name.")
    label: str | None = Field(description="What it is for, in its maker's words.")
    created_at: datetime
    expires_at: datetime | None = Field(description="UTC; null for never.")
    state: State
    uses: int | None = Field(description="How often an invitation was used.")
    uses_allowed: int | None = Field(description="How often it may be.")


class Entrances(BaseModel):
    """Ways in of one kind, newest first; ended ones too."""

    items: list[Entrance]


class MadeToken(Entrance):
    """A token that was just made."""

    token: str = Field(description="What its holder sends. It is shown this once.")


class MadeInvitation(Entrance):
    """An invitation that was just made."""

    invitation: str = Field(description="The last part of its link. It is shown this once.")
    link: str = Field(description="What to send to the person, privately.")


class PostedToken(BaseModel):
    """A token to make."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"role": "pipeline", "label": "nightly", "days": 90}]},
    )

    role: Role
    subject: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_TEXT,
        description="Whose it is; for participants and auditors, and for them alone.",
    )
    label: str | None = Field(default=None, max_length=LONGEST_TEXT)
    days: int | None = Field(default=None, ge=1, le=36_500, description="Expires after; or never.")


class PostedInvitation(BaseModel):
    """An invitation to make."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"role": "auditor", "subject": "anna", "days": 14}]},
    )

    role: Literal["participant", "auditor", "analyst", "operator"]
    subject: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_TEXT,
        description="Who is invited; without it participants and auditors choose a name.",
    )
    label: str | None = Field(default=None, max_length=LONGEST_TEXT)
    days: int = Field(default=14, ge=1, le=3_650, description="Expires after so many days.")
    uses: int = Field(default=1, ge=1, le=100_000, description="How often it signs somebody in.")


def _read_as(kind: type[Posted]) -> Callable[[Request], object]:
    async def read(request: Request) -> Posted:
        document = read_object(await read_body(request, MAX_BODY_BYTES))
        try:
            return kind.model_validate(document)
        except ValidationError as error:
            raise validation_problem(error) from None

    return read


@router.get("/tokens", summary="Tokens of programs")
def tokens(services: Provided) -> Entrances:
    """List tokens, ended ones too; never what they read."""
    return _listed([_of_token(one, services.now()) for one in list_tokens(services.database)])


@router.post(
    "/tokens", summary="Make a token", status_code=201, openapi_extra=json_body(PostedToken)
)
def make_token(
    services: Provided, posted: Annotated[PostedToken, Depends(_read_as(PostedToken))]
) -> MadeToken:
    """Make a token. The first one, or the first invitation, ends the time without any for good."""
    now = services.now()
    try:
        made, text = create_token(
            services.database,
            posted.role,
            now=now,
            subject=posted.subject,
            label=posted.label or None,
            expires_at=None if posted.days is None else now + timedelta(days=posted.days),
        )
    except TokenError as error:
        raise _refused(error) from None
    return MadeToken(**_of_token(made, now).model_dump(), token=text)


@router.delete("/tokens/{token_id}", summary="Revoke a token")
def end_token(services: Provided, token_id: str) -> Entrance:
    """Revoke it at once; again changes nothing."""
    now = services.now()
    try:
        return _of_token(revoke_token(services.database, token_id, now=now), now)
    except TokenError:
        raise _unknown("token") from None


@router.get("/invitations", summary="Invitations of people")
def invitations(services: Provided) -> Entrances:
    """List invitations, used and ended ones too; never their links."""
    now = services.now()
    return _listed([_of_invitation(one, now) for one in list_invitations(services.database)])


@router.post(
    "/invitations",
    summary="Invite somebody",
    status_code=201,
    openapi_extra=json_body(PostedInvitation),
)
def make_invitation(
    request: Request,
    services: Provided,
    posted: Annotated[PostedInvitation, Depends(_read_as(PostedInvitation))],
) -> MadeInvitation:
    """Make a link that signs somebody in."""
    now = services.now()
    try:
        made, text = create_invitation(
            services.database,
            posted.role,
            posted.subject,
            now + timedelta(days=posted.days),
            now,
            uses=posted.uses,
            label=posted.label or None,
        )
    except InvitationError as error:
        raise _refused(error) from None
    base = services.settings.public_url or str(request.base_url).rstrip("/")
    document = _of_invitation(made, now).model_dump()
    return MadeInvitation(**document, invitation=text, link=f"{base}/join/{text}")


@router.delete("/invitations/{invitation_id}", summary="Take an invitation back")
def end_invitation(services: Provided, invitation_id: str) -> Entrance:
    """Revoke it at once. Sessions that it gave stay until they are ended themselves."""
    now = services.now()
    try:
        return _of_invitation(revoke_invitation(services.database, invitation_id, now), now)
    except InvitationError:
        raise _unknown("invitation") from None


@router.get("/sessions", summary="Who is signed in")
def sessions(services: Provided) -> Entrances:
    """List sessions, ended ones too."""
    now = services.now()
    return _listed([_of_session(one, now) for one in list_sessions(services.database)])


@router.delete("/sessions/{session_id}", summary="Sign somebody out")
def end_session(services: Provided, session_id: str) -> Entrance:
    """End a session at once."""
    if not any(one.session_id == session_id for one in list_sessions(services.database)):
        raise _unknown("session")
    now = services.now()
    return _of_session(revoke_session(services.database, session_id, now=now), now)


def _listed(items: list[Entrance]) -> Entrances:
    return Entrances(items=sorted(items, key=lambda one: (one.created_at, one.id), reverse=True))


def _of_token(token: Token, now: datetime) -> Entrance:
    return _entrance(token, token.token_id, token.label, _state(token, now))


def _of_session(session: Session, now: datetime) -> Entrance:
    return _entrance(session, session.session_id, None, _state(session, now))


def _of_invitation(invitation: Invitation, now: datetime) -> Entrance:
    state = _state(invitation, now)
    if state == "expired" and invitation.uses >= invitation.uses_allowed:
        state = "used"
    found = _entrance(invitation, invitation.invitation_id, invitation.label, state)
    return found.model_copy(
        update={"uses": invitation.uses, "uses_allowed": invitation.uses_allowed}
    )


def _entrance(
    item: Token | Invitation | Session, identifier: str, label: str | None, state: State
) -> Entrance:
    return Entrance(
        id=identifier,
        role=item.role,
        subject=item.subject,
        label=label,
        created_at=item.created_at,
        expires_at=item.expires_at,
        state=state,
        uses=None,
        uses_allowed=None,
    )


def _state(item: Token | Invitation | Session, now: datetime) -> State:
    if item.revoked_at is not None:
        return "revoked"
    return "valid" if item.is_valid(now) else "expired"


def _refused(error: Exception) -> ProblemError:
    text = str(error)
    if "subject" in text:
        return field_problem("invalid-value", "subject", f"does not fit: {text[:-1]}")
    return ProblemError("invalid-value", text)


def _unknown(kind: str) -> ProblemError:
    return ProblemError("not-found", f"There is no {kind} of that id; list them to find it.")
