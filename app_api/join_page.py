"""The page behind an invitation link, and its answers: no scripts, nothing from elsewhere."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from starlette.responses import HTMLResponse

from app_api.web.rendering import render_page
from labelaudit_dagster.store import PERSONAL_ROLES, Invitation

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    # Under `no-referrer` a browser would not say which site the form is from. The address holds
    # the invitation, and is told to nobody under this policy either.
    "Referrer-Policy": "strict-origin",
}

_TASKS: Final = {
    "participant": "rate guidelines and read the constitution",
    "auditor": "label comments and audit the system",
    "analyst": "read results and audits of everybody",
    "operator": "run this installation",
}


def invitation_page(
    request: Request, invitation: Invitation, text: str, *, error: str = "", name: str = ""
) -> HTMLResponse:
    """Return the page that asks whether somebody wants to sign in.

    Args:
        request: What it answers.
        invitation: What the link is for.
        text: Of the link; the form sends it.
        error: What is wrong with the name that was sent, if anything.
        name: The name that was sent.
    """
    return _page(
        request,
        "You are invited",
        422 if error else 200,
        invitation=invitation,
        text=text,
        asks=asks_for_name(invitation),
        task=_TASKS.get(invitation.role, ""),
        error=error,
        name=name,
    )


def signed_in_page(request: Request, subject: str | None) -> HTMLResponse:
    """Return the page for somebody who opens the link that they have used before."""
    return _page(request, "You are signed in", 200, subject=subject)


def refusal_page(request: Request, detail: str, status: int) -> HTMLResponse:
    """Return the page that says why somebody cannot sign in.

    Args:
        request: What it answers.
        detail: Of the problem.
        status: Of the answer.
    """
    return _page(request, "You cannot sign in", status, detail=detail)


def asks_for_name(invitation: Invitation) -> bool:
    """Tell whether who redeems an invitation chooses their name."""
    return invitation.subject is None and invitation.role in PERSONAL_ROLES


def _page(request: Request, title: str, status: int, **context: Any) -> HTMLResponse:
    facts = {"invitation": None, "detail": "", "subject": None, **context}
    return render_page(
        request, "join.html.jinja", title=title, status=status, headers=_HEADERS, **facts
    )
