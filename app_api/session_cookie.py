"""The cookie that carries a session.

Its name begins with `__Host-` wherever it is `Secure`: browsers then take it from this host alone,
so that a neighbouring domain cannot plant one. On this machine, without TLS, the name holds the
port, because browsers share the cookies of all ports.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from app_api.this_machine import is_local
from labelaudit_dagster.settings import Settings

_SECURE_NAME = "__Host-labelaudit-session"
_LOCAL_NAME = "labelaudit-session"


def read_session_cookie(request: Request, settings: Settings) -> str | None:
    """Return the session's text that a request brought; None without one."""
    return request.cookies.get(_name(request, _is_secure(request, settings))) or None


def set_session_cookie(
    response: Response, request: Request, settings: Settings, text: str, lifetime: timedelta
) -> None:
    """Have the browser keep a session until it ends.

    Args:
        response: The answer.
        request: What it answers.
        settings: Of the installation.
        text: The session's.
        lifetime: How long the session lasts.
    """
    secure = _is_secure(request, settings)
    response.set_cookie(
        _name(request, secure),
        text,
        # Not `Expires`: the browser's clock may be another one.
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, request: Request, settings: Settings) -> None:
    """Have the browser forget its session."""
    secure = _is_secure(request, settings)
    response.delete_cookie(
        _name(request, secure), path="/", secure=secure, httponly=True, samesite="lax"
    )


def clearing_header(request: Request, settings: Settings) -> dict[str, str]:
    """Return the header of a problem that has the browser forget its session."""
    answer = Response()
    clear_session_cookie(answer, request, settings)
    return {"Set-Cookie": answer.headers["set-cookie"]}


def _is_secure(request: Request, settings: Settings) -> bool:
    """Tell whether the cookie may travel under TLS alone: everywhere but on this machine.

    TLS ends at a proxy, so that the connection itself does not tell.
    """
    if settings.public_url is not None:
        return settings.public_url.startswith("https://")
    return not is_local(request)


def _name(request: Request, secure: bool) -> str:
    if secure:
        return _SECURE_NAME
    _, port = request.scope.get("server") or ("", 0)
    return f"{_LOCAL_NAME}-{port}"
