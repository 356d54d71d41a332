"""Who looks at a page, whose data it shows, and the name that somebody chose on this machine.

People who are signed in act as themselves. Programs and browsers on the machine of an installation
without tokens have the operator's rights and belong to nobody, as operators and analysts do; they
choose a name to label and rate by. The name is no secret and gives no right: it is kept in a
cookie that counts for those alone who may act for everybody anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.responses import Response

from app_api.access import PAGES
from app_api.authentication import authenticate
from app_api.callers import Caller
from app_api.foreign_pages import csrf_token
from app_api.problems import ProblemError
from app_api.services import Services, services_of
from app_api.session_cookie import read_session_cookie
from labelaudit_dagster.store import InvalidNameError, Role, StoreError, check_name

NAME_LIFETIME_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page.

    Attributes:
        caller: Who they are; None for somebody who is not signed in.
        name: As whom they label, rate and read their own data; None where they have yet to say.
        chooses: Whether the name is their choice and can be changed at any time.
        csrf: What their changing requests need in a header; None for those without a session.
    """

    caller: Caller | None
    name: str | None
    chooses: bool
    csrf: str | None

    @property
    def role(self) -> Role | None:
        """What they may do; None for somebody who is not signed in."""
        return None if self.caller is None else self.caller.role

    @property
    def signed_in(self) -> bool:
        """Whether there is a session that can be ended."""
        return self.caller is not None and self.caller.session_id is not None

    @property
    def open(self) -> bool:
        """Whether the installation asks nobody who they are."""
        return self.caller is not None and self.caller.local

    def may_see(self, path: str) -> bool:
        """Tell whether there is a page at a path and their role may see it."""
        route = f"GET {path}"
        if route not in PAGES:
            return False
        allowed = PAGES[route]
        return allowed is None or self.role in allowed


class NameNeededError(Exception):
    """A page needs to know whose data it is about, and the viewer can say so on another page."""


def viewer_of(request: Request) -> Viewer:
    """Return who looks at a page; also on pages that are for everybody."""
    found = getattr(request.state, "viewer", None)
    if not isinstance(found, Viewer):
        found = _find_viewer(request, services_of(request))
        request.state.viewer = found
    return found


def acting_name(request: Request) -> str:
    """Return as whom the viewer acts.

    Raises:
        NameNeededError: They have yet to choose a name; the answer leads to the page for it.
        ProblemError: `forbidden`: their role belongs to nobody and does not choose.
    """
    viewer = viewer_of(request)
    if viewer.name is not None:
        return viewer.name
    if viewer.chooses:
        raise NameNeededError
    raise ProblemError("forbidden", "This token or session belongs to nobody in particular.")


def keep_name(response: Response, request: Request, name: str) -> None:
    """Have the browser remember the name that somebody chose."""
    response.set_cookie(
        _cookie(request),
        quote(name, safe=""),
        max_age=NAME_LIFETIME_SECONDS,
        path="/app",
        httponly=True,
        samesite="lax",
    )


def forget_name(response: Response, request: Request) -> None:
    """Have the browser forget the name that somebody chose."""
    response.delete_cookie(_cookie(request), path="/app", httponly=True, samesite="lax")


def _find_viewer(request: Request, services: Services) -> Viewer:
    caller = getattr(request.state, "caller", None)
    if caller is None:
        try:
            caller = authenticate(request, services)
        except (ProblemError, StoreError):
            # Also where the database fails: the page that says so is shown to somebody.
            return Viewer(None, None, chooses=False, csrf=None)
    text = read_session_cookie(request, services.settings)
    csrf = csrf_token(text) if caller.session_id is not None and text else None
    if caller.subject is not None:
        return Viewer(caller, caller.subject, chooses=False, csrf=csrf)
    chooses = caller.role in ("operator", "analyst")
    return Viewer(caller, _chosen(request) if chooses else None, chooses=chooses, csrf=csrf)


def _chosen(request: Request) -> str | None:
    text = request.cookies.get(_cookie(request))
    if not text:
        return None
    try:
        return check_name(unquote(text, errors="strict"), "a name")
    except (InvalidNameError, UnicodeDecodeError):
        return None


def _cookie(request: Request) -> str:
    """Return the cookie's name: browsers share the cookies of all ports."""
    _, port = request.scope.get("server") or ("", 0)
    return f"labelaudit-name-{port}"
