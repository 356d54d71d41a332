"""The page behind an invitation link, and its answers: no scripts, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from labelaudit_dagster.store import PERSONAL_ROLES, Invitation

_STYLE: Final = """
body{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;
color:#1b1b1f;background:#fff}
input,button{font:inherit;padding:.5rem .75rem;border-radius:.35rem;border:1px solid #76767f}
label,input{display:block}input{width:100%;box-sizing:border-box;margin:.25rem 0 1rem}
button{background:#1a4fa3;color:#fff;border-color:#1a4fa3}
@media(prefers-color-scheme:dark){body{color:#e6e6ea;background:#17171a}
input{color:inherit;background:#232328}a{color:#9cc2ff}}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    # Under `no-referrer` a browser would not say which site the form is from. The address holds
    # the invitation, and is told to nobody under this policy either.
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex",
}


def invitation_page(invitation: Invitation, text: str) -> HTMLResponse:
    """Return the page that asks whether somebody wants to sign in.

    Args:
        invitation: What the link is for.
        text: Of the link; the form sends it.
    """
    name = ""
    if asks_for_name(invitation):
        name = (
            '<label for="name">A name for you here; anything that nobody else has</label>'
            '<input id="name" name="name" required maxlength="200" autocomplete="nickname">'
        )
    who = f" as <strong>{escape(invitation.subject)}</strong>" if invitation.subject else ""
    return _page(
        "Sign in",
        f"<p>You are invited{who}, with the role {escape(invitation.role)}. "
        "This browser stays signed in until you sign out or the session ends.</p>"
        '<form method="post" action="../v1/session">'
        f'<input type="hidden" name="invitation" value="{escape(text)}">{name}'
        "<button>Sign in</button></form>",
        200,
    )


def signed_in_page(subject: str | None) -> HTMLResponse:
    """Return the page for somebody who opens the link that they have used before."""
    who = f" as <strong>{escape(subject)}</strong>" if subject else ""
    return _page(
        "You are signed in", f'<p>This browser is signed in{who}. <a href="../">Go on</a></p>', 200
    )


def refusal_page(detail: str, status: int) -> HTMLResponse:
    """Return the page that says why somebody cannot sign in.

    Args:
        detail: Of the problem.
        status: Of the answer.
    """
    return _page("You cannot sign in", f"<p>{escape(detail)}</p>", status)


def asks_for_name(invitation: Invitation) -> bool:
    """Tell whether who redeems an invitation chooses their name."""
    return invitation.subject is None and invitation.role in PERSONAL_ROLES


def _page(title: str, body: str, status: int) -> HTMLResponse:
    return HTMLResponse(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: LabelAudit</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>",
        status,
        _HEADERS,
    )
