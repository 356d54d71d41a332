"""Protection against other web pages that make a visitor's browser send requests (CSRF).

A browser adds cookies, and its place on this machine, to requests that any page makes it send.
What such a request may change is guarded twice: by where the browser says that it comes from
(Sec-Fetch-Site, or Origin from browsers that do not send it), and for sessions by a token in a
header that only a page of ours can know. Bearer tokens are added by nobody but their holder.

Source: OWASP Cross-Site Request Forgery Prevention Cheat Sheet; Fetch Metadata (W3C).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from app_api.problems import ProblemError
from labelaudit_dagster.settings import Settings

HEADER: Final = "X-CSRF-Token"
"""Carries the token of a session; `GET /v1/session` tells it."""

_HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_PURPOSE: Final = b"labelaudit csrf 1"


def csrf_token(session_text: str) -> str:
    """Return the token that goes with a session.

    It is made from the session's secret, so that it needs no place in the database, ends with
    the session, and does not tell the secret.

    Args:
        session_text: What the session's cookie holds.
    """
    return hmac.new(
        session_text.encode("utf-8", "surrogatepass"), _PURPOSE, hashlib.sha256
    ).hexdigest()


def changes_something(request: Request) -> bool:
    """Tell whether a request's method is one that changes something."""
    return request.method not in _HARMLESS


def check_origin(request: Request, settings: Settings) -> None:
    """End a request that a browser sends for a page that is not ours.

    Args:
        request: What may change something.
        settings: Of the installation; the public address counts as ours.

    Raises:
        ProblemError: `foreign-page`.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        # No page can set or change this header.
        if site.strip().lower() not in _OWN_SITES:
            raise _foreign()
        return
    origins = request.headers.getlist("origin")
    if any(not _is_ours(origin, request, settings) for origin in origins):
        raise _foreign()


def check_session_request(request: Request, settings: Settings, session_text: str) -> None:
    """End a request with a session that would change something and is not from a page of ours.

    Args:
        request: It; harmless methods pass.
        settings: Of the installation.
        session_text: What its cookie holds.

    Raises:
        ProblemError: `foreign-page` or `csrf-token`.
    """
    if not changes_something(request):
        return
    check_origin(request, settings)
    given = request.headers.get(HEADER, "")
    if not hmac.compare_digest(
        given.strip().encode("utf-8", "replace"), csrf_token(session_text).encode()
    ):
        raise ProblemError(
            "csrf-token",
            f"Signed-in requests that change something need the header {HEADER} with the "
            "csrf_token of GET /v1/session.",
        )


def _is_ours(origin: str, request: Request, settings: Settings) -> bool:
    if settings.public_url is not None and _authority(origin) == _authority(settings.public_url):
        return True
    try:
        authority = urlsplit(origin)
        scheme, name = authority.scheme, authority.netloc.lower()
    except ValueError:
        return False
    if scheme not in ("http", "https") or not name:
        return False
    # TLS may end at a proxy, so that the scheme says nothing; the name does.
    host = request.headers.get("host", "").lower()
    default = ":443" if scheme == "https" else ":80"
    return name.removesuffix(default) == host.removesuffix(default)


def _authority(address: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, (parts.hostname or "").lower(), port


def _foreign() -> ProblemError:
    return ProblemError(
        "foreign-page",
        "Your browser sent this for a page of another site, which may change nothing here.",
    )
