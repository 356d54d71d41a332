"""Bearer tokens and sessions: who asks, and whether they may."""

from __future__ import annotations

from fastapi import Request

from app_api.access import allowed_roles
from app_api.callers import LOCAL_OPERATOR, Caller
from app_api.foreign_pages import changes_something, check_origin, check_session_request
from app_api.problems import ProblemError
from app_api.services import Provided, Services
from app_api.session_cookie import clearing_header, read_session_cookie
from app_api.this_machine import is_local
from labelaudit_dagster.store import verify_session, verify_token

REALM = 'Bearer realm="labelaudit"'


def authorise(request: Request, services: Provided) -> None:
    """Let a request pass, or end it. Runs before every route and before its body is read.

    While the database has never held a token or an invitation, requests from this machine have
    the operator's rights; the first one ends that for good, revoked or not. Where a request has
    a bearer token, its cookie does not count.

    Raises:
        ProblemError: Nobody is known by the token or session, its role may not use the route, or
            another site's page made a browser send the request.
    """
    allowed = allowed_roles(request.method, request.scope["route"].path)
    if allowed is None:
        return
    caller = authenticate(request, services)
    request.state.caller = caller
    if caller.public_id is not None:
        services.limits.count_request(caller.public_id)
    if caller.role not in allowed:
        needed = " or ".join(sorted(allowed))
        raise ProblemError(
            "forbidden",
            f"This needs the role {needed}; yours is {caller.role}.",
            headers={
                "WWW-Authenticate": f'{REALM}, error="insufficient_scope", '
                f'scope="{" ".join(sorted(allowed))}"'
            },
        )


def authenticate(request: Request, services: Services) -> Caller:
    """Return who a request comes from.

    Raises:
        ProblemError: Nobody is known by the token or session, or another site's page made a
            browser send what would change something.
    """
    if not services.guard.is_closed():
        if not is_local(request):
            raise ProblemError(
                "unauthenticated",
                "This installation has no tokens yet and answers programs on its own machine only; "
                "make one there with: labelaudit token create --role operator",
                headers={"WWW-Authenticate": REALM},
            )
        if changes_something(request):
            check_origin(request, services.settings)
        return LOCAL_OPERATOR
    if "authorization" in request.headers:
        return _token_holder(request, services)
    session = read_session_cookie(request, services.settings)
    if session is not None:
        return _signed_in(request, services, session)
    raise ProblemError(
        "unauthenticated",
        "Send a token in the header Authorization: Bearer TOKEN, or sign in by an invitation.",
        headers={"WWW-Authenticate": REALM},
    )


def _token_holder(request: Request, services: Services) -> Caller:
    given = request.headers.getlist("authorization")
    address = address_of(request)
    services.limits.check_failures(address)
    if len(given) > 1:
        raise ProblemError("bad-header", "There are several Authorization headers; send one.")
    scheme, _, text = given[0].partition(" ")
    token = None
    if scheme.lower() == "bearer":
        token = verify_token(services.database, text.strip(), now=services.now())
    if token is None:
        services.limits.count_failure(address)
        raise ProblemError(
            "unauthenticated",
            "The token is not valid: it is misspelt, expired or revoked, or not a bearer token.",
            headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'},
        )
    return Caller.of_token(token)


def _signed_in(request: Request, services: Services, text: str) -> Caller:
    session = verify_session(services.database, text, now=services.now())
    if session is None:
        # Only now, so that people behind one proxy are not kept out by a neighbour who guesses.
        address = address_of(request)
        services.limits.check_failures(address)
        services.limits.count_failure(address)
        raise ProblemError(
            "unauthenticated",
            "You are not signed in any more; ask for a new invitation.",
            headers={"WWW-Authenticate": REALM, **clearing_header(request, services.settings)},
        )
    check_session_request(request, services.settings, text)
    return Caller.of_session(session)


def address_of(request: Request) -> str:
    """Return the address that a request came from; a proxy's where there is one."""
    return request.client.host if request.client else "-"
