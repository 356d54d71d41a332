"""Pages from templates: what every page has around it, and the headers that it is sent with."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from app_api.services import services_of
from app_api.web.excerpts import excerpt_of
from app_api.web.navigation import navigation
from app_api.web.viewer import viewer_of

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy of every page: files and requests of this server, nothing inline."""

_HEADERS: Final = {
    "Content-Security-Policy": PAGE_POLICY,
    # A page shows who looks at it, so that no cache between may keep it, and no old one is shown
    # without asking; going back in a tab may.
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie, Authorization",
    # Under `no-referrer` a browser would not say which site a form is from.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
    "Content-Language": "en",
}


def render_page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Return a page.

    Args:
        request: What it answers.
        template: File name in `app_api/web/templates/`; it extends `base.html.jinja`.
        title: Of the page, as heading and in the browser's tab.
        status: HTTP status.
        headers: More headers of the answer.
        **context: What the template shows. Besides it has `viewer`, `navigation`, `path`,
            `static(path)`, and the filters `number`, `counted(noun)`, `moment` and
            `excerpt`.
    """
    web = services_of(request).web
    viewer = viewer_of(request)
    path = request.url.path
    body = (
        _environment()
        .get_template(template)
        .render(
            title=title,
            viewer=viewer,
            navigation=navigation(viewer, path),
            path=path,
            static=lambda name: static_url(request, name),
            vega_url=f"/app/vega/{web.vega_key}/vega.js",
            **context,
        )
    )
    # A text of somebody may hold half a surrogate pair, which UTF-8 cannot carry.
    content = body.encode("utf-8", "replace")
    return HTMLResponse(content, status, {**_HEADERS, **(headers or {})})


def static_url(request: Request, path: str) -> str:
    """Return the address of one of our files.

    Raises:
        KeyError: There is no such file.
    """
    web = services_of(request).web
    if web.ours(path) is None:
        raise KeyError(path)
    return f"/app/static/{web.digest}/{path}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app_api.web", "templates"),
        # For every template, whatever its name ends with.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    return environment


def _number(value: int | float) -> str:
    return f"{value:,}"


def _counted(value: int, noun: str, plural: str | None = None) -> str:
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def _moment(value: datetime | str) -> Markup:
    """Return a time as an element that the browser shows in its own zone, UTC without scripts."""
    moment = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    shown = f"{moment.day} {moment:%B %Y, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)


_FILTERS: Final = {
    "number": _number,
    "counted": _counted,
    "moment": _moment,
    "excerpt": excerpt_of,
}
