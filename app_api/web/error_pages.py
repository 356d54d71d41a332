"""What a browser gets for a page that cannot be shown: plain words, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from app_api.problems import KINDS, ProblemError
from app_api.web.rendering import render_page
from app_api.web.viewer import viewer_of


@dataclass(frozen=True)
class _Words:
    title: str
    text: str


_WORDS: Final = {
    401: _Words(
        "Please sign in first",
        "You come in by the invitation link that the people who run this installation gave you. "
        "Open it again, or ask them for a new one. There is no password to remember.",
    ),
    403: _Words(
        "This page is not for you",
        "You are known here, but what stands on this page needs other rights than yours. "
        "If you think that you should have them, ask the people who run this installation.",
    ),
    404: _Words(
        "There is no such page",
        "The address may be mistyped, or what it named is gone. Nothing of yours is lost.",
    ),
    405: _Words("That does not work here", "Go back and try it once more from the page itself."),
    429: _Words(
        "That was a little too fast",
        "The server had too many requests from here within a minute. Wait a moment, then reload.",
    ),
    500: _Words(
        "Something went wrong on our side",
        "What you saved before is kept. Reload the page; if it happens again, tell the people who "
        "run this installation the number below.",
    ),
    503: _Words(
        "Not possible at the moment",
        "The server is busy or being looked after. What you saved before is kept. Wait a moment, "
        "then reload the page.",
    ),
}


def wants_page(request: Request) -> bool:
    """Tell whether a request is a browser's that looks for a page of the web app."""
    path = request.url.path
    below = path == "/app" or (
        path.startswith("/app/") and not path.startswith(("/app/static/", "/app/vega/"))
    )
    return below and "text/html" in request.headers.get("accept", "").lower()


def error_page(request: Request, problem: ProblemError) -> Response:
    """Return the page in place of a problem document.

    Args:
        request: A browser's, see `wants_page`.
        problem: What happened.
    """
    status, _ = KINDS[problem.kind]
    words = _WORDS.get(status) or _WORDS[500 if status >= 500 else 404]
    detail = None
    if problem.kind == "unauthenticated" and not viewer_of(request).signed_in:
        detail = problem.detail if "labelaudit token create" in problem.detail else None
    elif status not in (404, 405, 500):
        detail = problem.detail
    return render_page(
        request,
        "error.html.jinja",
        title=words.title,
        status=status,
        headers=dict(problem.headers or {}),
        text=words.text,
        detail=detail,
        request_id=request.state.request_id if status >= 500 else None,
    )


def way_to_name(request: Request) -> Response:
    """Return the way to the page that asks for a name, and back."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/app/name?next={quote(target, safe='/')}", status_code=303)
