"""A report as one page to read and to print, without scripts or anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from app_api.reports.report_facts import HIGHEST, THRESHOLD, ReportFacts, shown_rating

MEDIA_TYPE = "text/html; charset=utf-8"

_PACKAGE = "app_api.reports"
_FOLDER = "templates"
_LEFT, _WIDTH = 8.0, 224.0


def html_report(facts: ReportFacts) -> str:
    """Return the page; every text in it is escaped."""
    return _template().render(
        report=facts,
        style=_style(),
        rating=shown_rating,
        at=_place,
        highest=f"{HIGHEST:g}",
        threshold=f"{THRESHOLD:g}",
        ticks=range(int(HIGHEST) + 1),
    )


def page_policy() -> str:
    """Return the Content-Security-Policy under which the page works: its one style sheet."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'none'"
    )


def _place(value: float) -> str:
    """Return where a rating is in the little drawing, in its units."""
    return f"{_LEFT + _WIDTH * value / HIGHEST:.1f}"


@cache
def _style() -> str:
    # Trusted, and hashed byte for byte: it goes into the page as it is.
    return (files(_PACKAGE) / _FOLDER / "report.css").read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader(_PACKAGE, _FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")
