"""Signing in by an invitation, signing out, and who one is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app_api.authentication import address_of
from app_api.callers import Caller, Calling
from app_api.foreign_pages import check_origin, check_session_request, csrf_token
from app_api.join_page import asks_for_name, invitation_page, refusal_page, signed_in_page
from app_api.problem_handlers import validation_problem
from app_api.problems import KINDS, ProblemError, field_problem
from app_api.request_body import read_body, read_bytes, read_object
from app_api.services import Provided, Services
from app_api.session_cookie import clear_session_cookie, read_session_cookie, set_session_cookie
from labelaudit_dagster.store import (
    InvalidNameError,
    Invitation,
    InvitationError,
    Role,
    Session,
    look_at_invitation,
    redeem_invitation,
    revoke_session,
    verify_session,
)

router = APIRouter(tags=["session"])

MAX_BODY_BYTES = 16 * 1024

_FORM = "application/x-www-form-urlencoded"
_PAGE: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
"""In the OpenAPI document, of what browsers get as a page."""


class PostedSignIn(BaseModel):
    """An invitation to redeem."""

    model_config = ConfigDict(extra="forbid", strict=True)

    invitation: str = Field(min_length=1, description="The last part of the invitation's link.")
    name: str | None = Field(
        default=None,
        description="The name that you choose; only for invitations that are for nobody by name.",
    )


class Offer(BaseModel):
    """What an invitation is for."""

    role: Role
    subject: str | None = Field(description="Who is invited; null where a name is chosen.")
    needs_name: bool = Field(description="Whether a name has to be sent with it.")
    expires_at: datetime | None = Field(description="UTC; null for never.")


class WhoAmI(BaseModel):
    """Who a request comes from."""

    role: Role
    subject: str | None = Field(description="Whose data are one's own; null for nobody's.")
    by: Literal["session", "token", "this machine"] = Field(
        description="How one is known; by this machine while there are no tokens at all."
    )
    id: str | None = Field(description="Public id of the session or token.")
    expires_at: datetime | None = Field(description="When session or token ends (UTC).")
    csrf_token: str | None = Field(
        description="For the header X-CSRF-Token of what changes something; of sessions alone."
    )


@router.get(
    "/join/{invitation}",
    summary="What an invitation is for; it is not used by this",
    response_model=Offer,
    responses={200: _PAGE, "default": _PAGE},
)
def join(request: Request, services: Provided, invitation: str) -> Response:
    """Show browsers a page to sign in with, and programs what the invitation is for.

    Nothing changes, so that previews of links and scanners of mail do not use it up.
    """
    page = _wants_page(request)
    session = _session_of(request, services) if page else None
    if session is not None and invitation.split("_")[1:2] == [session.invitation_id]:
        # Whoever opens the link that they signed in with finds no refusal.
        return signed_in_page(request, session.subject)
    try:
        found = _look(request, services, invitation)
    except ProblemError as problem:
        if not page:
            raise
        return _as_page(request, problem)
    if page:
        return invitation_page(request, found, invitation)
    offer = Offer(
        role=found.role,
        subject=found.subject,
        needs_name=asks_for_name(found),
        expires_at=found.expires_at,
    )
    return JSONResponse(offer.model_dump(mode="json"))


async def _posted_sign_in(request: Request, services: Provided) -> PostedSignIn:
    check_origin(request, services.settings)
    if _is_form(request):
        document = _form_fields(await read_bytes(request, MAX_BODY_BYTES))
    else:
        document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return PostedSignIn.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.post(
    "/v1/session",
    summary="Sign in by an invitation",
    status_code=201,
    response_model=WhoAmI,
    responses={
        303: {"description": "Signed in by the form of the invitation's page."},
        "default": _PAGE,
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": PostedSignIn.model_json_schema()},
                _FORM: {"schema": PostedSignIn.model_json_schema()},
            },
        }
    },
)
def sign_in(
    request: Request,
    services: Provided,
    posted: Annotated[PostedSignIn, Depends(_posted_sign_in)],
) -> Response:
    """Use an invitation and begin a session, always a new one; its cookie comes with the answer.

    A session that this browser had before ends.
    """
    try:
        session, text = _redeem(request, services, posted)
    except ProblemError as problem:
        if not _is_form(request):
            raise
        return _form_again(request, services, posted, problem)
    earlier = _session_of(request, services)
    if earlier is not None:
        revoke_session(services.database, earlier.session_id, now=services.now())
    answer: Response
    if _is_form(request):
        answer = RedirectResponse("/", status_code=303)
    else:
        who = _who(Caller.of_session(session), text)
        answer = JSONResponse(who.model_dump(mode="json"), status_code=201)
    lifetime = session.expires_at - session.created_at
    set_session_cookie(answer, request, services.settings, text, lifetime)
    return answer


@router.get("/v1/session", summary="Who I am")
def who_am_i(request: Request, services: Provided, caller: Calling) -> WhoAmI:
    """Tell role, name and, for a session, the token that its changing requests need."""
    return _who(caller, read_session_cookie(request, services.settings))


@router.delete("/v1/session", summary="Sign out", status_code=204, response_class=Response)
def sign_out(request: Request, services: Provided) -> Response:
    """End the session of this browser at once; without one, there is nothing to end."""
    session = _session_of(request, services)
    if session is not None:
        text = read_session_cookie(request, services.settings) or ""
        check_session_request(request, services.settings, text)
        revoke_session(services.database, session.session_id, now=services.now())
    answer = Response(status_code=204)
    clear_session_cookie(answer, request, services.settings)
    return answer


def _look(request: Request, services: Services, text: str) -> Invitation:
    address = address_of(request)
    services.limits.check_failures(address)
    found = look_at_invitation(services.database, text, now=services.now())
    if found is None:
        services.limits.count_failure(address)
        raise _refused()
    return found


def _redeem(request: Request, services: Services, posted: PostedSignIn) -> tuple[Session, str]:
    invitation = _look(request, services, posted.invitation)
    named = asks_for_name(invitation)
    if named and not posted.name:
        raise field_problem("invalid-value", "name", "is missing: choose one to sign in with")
    try:
        return redeem_invitation(
            services.database,
            posted.invitation,
            services.now(),
            subject=posted.name if named else None,
            lifetime=timedelta(days=services.settings.session_days),
        )
    except InvalidNameError:
        raise field_problem("invalid-value", "name", "cannot be used; choose another one") from None
    except InvitationError:
        # Used up by somebody else just now, or the name belongs to somebody.
        services.limits.count_failure(address_of(request))
        if named:
            raise field_problem("invalid-value", "name", "is taken; choose another one") from None
        raise _refused() from None


def _session_of(request: Request, services: Services) -> Session | None:
    text = read_session_cookie(request, services.settings)
    return None if text is None else verify_session(services.database, text, now=services.now())


def _who(caller: Caller, session_text: str | None) -> WhoAmI:
    by: Literal["session", "token", "this machine"] = "token"
    if caller.local:
        by = "this machine"
    elif caller.session_id is not None:
        by = "session"
    return WhoAmI(
        role=caller.role,
        subject=caller.subject,
        by=by,
        id=caller.public_id,
        expires_at=caller.expires_at,
        csrf_token=csrf_token(session_text) if by == "session" and session_text else None,
    )


def _wants_page(request: Request) -> bool:
    accept = request.headers.get("accept", "").lower()
    return "text/html" in accept or "application/xhtml+xml" in accept


def _is_form(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0]
    return media_type.strip().lower() == _FORM


def _form_fields(body: bytes) -> dict[str, Any]:
    try:
        fields = parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10
        )
    except ValueError:
        raise ProblemError(
            "invalid-value", "The form cannot be read; open the link again."
        ) from None
    return {name: values[-1] for name, values in fields.items()}


def _form_again(
    request: Request, services: Services, posted: PostedSignIn, problem: ProblemError
) -> HTMLResponse:
    """Return the form with what is wrong in it where another name helps, else the refusal."""
    found = None
    if [error["field"] for error in problem.errors] == ["name"]:
        found = look_at_invitation(services.database, posted.invitation, now=services.now())
    if found is None:
        return _as_page(request, problem)
    return invitation_page(
        request,
        found,
        posted.invitation,
        error=f"This name {problem.errors[0]['message']}.",
        name=posted.name or "",
    )


def _as_page(request: Request, problem: ProblemError) -> HTMLResponse:
    status, _ = KINDS[problem.kind]
    page = refusal_page(request, problem.detail, status)
    page.headers.update(problem.headers or {})
    return page


def _refused() -> ProblemError:
    return ProblemError(
        "invitation-refused",
        "This invitation is unknown, used up, revoked or expired; ask for a new one.",
    )
