"""Bearer tokens: who asks, and whether they may."""

from __future__ import annotations

import ipaddress

from fastapi import Request

from app_api.access import allowed_roles
from app_api.problems import ProblemError
from app_api.services import Provided, Services
from labelaudit_dagster.store import Role, Token, list_tokens, verify_token

REALM = 'Bearer realm="labelaudit"'
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def authorise(request: Request, services: Provided) -> None:
    """Let a request pass, or end it. Runs before every route and before its body is read.

    While the database has never held a token, requests from this machine have the operator's
    rights; the first token ends that for good, revoked or not.

    Raises:
        ProblemError: The token is missing or not valid, or its role may not use the route.
    """
    allowed = allowed_roles(request.method, request.scope["route"].path)
    if allowed is None:
        return
    role = _role(request, services)
    if (token_id := getattr(request.state, "token_id", None)) is not None:
        services.limits.count_request(token_id)
    if role not in allowed:
        needed = " or ".join(sorted(allowed))
        raise ProblemError(
            "forbidden",
            f"This needs a token with the role {needed}; yours has the role {role}.",
            headers={
                "WWW-Authenticate": f'{REALM}, error="insufficient_scope", '
                f'scope="{" ".join(sorted(allowed))}"'
            },
        )


def _role(request: Request, services: Services) -> Role:
    if not _has_tokens(services):
        if is_local(request):
            return "operator"
        raise ProblemError(
            "unauthenticated",
            "This installation has no tokens yet and answers programs on its own machine only; "
            "make one there with: labelaudit token create --role operator",
            headers={"WWW-Authenticate": REALM},
        )
    token = _token(request, services)
    request.state.token_id = token.token_id
    return token.role


def _has_tokens(services: Services) -> bool:
    return bool(list_tokens(services.database))


def _token(request: Request, services: Services) -> Token:
    given = request.headers.getlist("authorization")
    if not given:
        raise ProblemError(
            "unauthenticated",
            "Send a token in the header: Authorization: Bearer TOKEN.",
            headers={"WWW-Authenticate": REALM},
        )
    address = request.client.host if request.client else "-"
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
    return token


def is_local(request: Request) -> bool:
    """Tell whether a request comes from a program on this machine that means this machine.

    The sender's address alone is not enough: a proxy on this machine may pass on requests of
    strangers, and a web page can make a browser on this machine send requests under a name of
    the page's choice.
    """
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.client.host if request.client else ""
    named = request.headers.get("host", "")
    name = named[1:].partition("]")[0] if named.startswith("[") else named.partition(":")[0]
    return is_loopback(peer) and (name.lower() == "localhost" or is_loopback(name))


def is_loopback(address: str) -> bool:
    """Tell whether a numeric address is one that only this machine can reach."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
