"""Reports: all of a person's, one to write, one to read, and what AVID would get of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app_api.access import AUDITORS
from app_api.callers import caller_of, require_may_read
from app_api.encoded_segments import path_of
from app_api.problems import ProblemError
from app_api.reports.report_facts import HIGHEST, THRESHOLD, report_facts, shown_rating
from app_api.reports.submission import document_for_avid
from app_api.services import Provided, Services
from app_api.web.rendering import render_page
from app_api.web.report_words import ReportCard, decision_words, title_words
from app_api.web.viewer import acting_name
from labelaudit_dagster.auditing.reports import AuditReport, AvidCredit
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import (
    StoredReport,
    UnknownReportError,
    list_reports,
    report_versions,
)

router = APIRouter(prefix="/app", include_in_schema=False)

UserOfQuery = Annotated[
    str | None,
    Query(alias="user", max_length=2_000, description="Whose, for those who may read others'."),
]
ReportOfPath = Annotated[str, Path(alias="report_id", pattern="^[0-9a-f]{1,64}$")]


@dataclass(frozen=True)
class Whose:
    """Whose reports a page shows.

    Attributes:
        user: Their author.
        may_write: Whether the viewer may change them.
        suffix: What the addresses of such pages end with, "" where they are the viewer's own.
    """

    user: str
    may_write: bool
    suffix: str

    @property
    def api(self) -> str:
        """Where the API has this person's data."""
        return path_of("v1", "users", self.user)


def whose_reports(request: Request, user: str | None) -> Whose:
    """Return whose reports a page is to show: those of somebody named, or the viewer's own.

    Raises:
        NameNeededError: The viewer has yet to say who they are.
        ProblemError: `forbidden`: they are somebody else's.
    """
    name = acting_name(request) if user is None else user
    caller = caller_of(request)
    require_may_read(caller, name)
    suffix = "" if user is None else f"?user={quote(user, safe='', errors='replace')}"
    return Whose(name, caller.role in AUDITORS, suffix)


@router.get("/reports")
def reports(request: Request, services: Provided, user: UserOfQuery = None) -> Response:
    """List a person's reports, with drafts to begin from and the way to AVID."""
    whose = whose_reports(request, user)
    cards = [ReportCard.of(one) for one in list_reports(services.database, whose.user)]
    return render_page(
        request,
        "reports.html.jinja",
        title="Reports",
        whose=whose,
        cards=cards,
        avid_host=avid_host(services.settings),
    )


@router.get("/reports/{report_id}")
def report(
    request: Request,
    services: Provided,
    report_id: ReportOfPath,
    user: UserOfQuery = None,
    version: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> Response:
    """Show the editor of a report; to those who only read, and of an earlier version, its text."""
    whose = whose_reports(request, user)
    found = _versions(services, whose, report_id)
    newest = found[-1]
    if whose.may_write and newest.is_current and version is None:
        return render_page(
            request,
            "report.html.jinja",
            title="Report",
            whose=whose,
            report=newest,
            n_versions=len(found),
        )
    shown = newest if version is None else next((o for o in found if o.version == version), None)
    if shown is None:
        raise ProblemError("not-found", "The report has no such version.")
    facts = report_facts(shown)
    return render_page(
        request,
        "report_read.html.jinja",
        title=title_words(AuditReport.from_document(shown.document).title),
        whose=whose,
        report=shown,
        newest=newest,
        versions=list(reversed(found)),
        facts=facts,
        rating=shown_rating,
        decision=decision_words,
        highest=f"{HIGHEST:g}",
        threshold=f"{THRESHOLD:g}",
    )


@router.get("/reports/{report_id}/avid")
def avid(
    request: Request, services: Provided, report_id: ReportOfPath, user: UserOfQuery = None
) -> Response:
    """Show what a submission would send of a report."""
    whose = whose_reports(request, user)
    newest = _versions(services, whose, report_id)[-1]
    if not newest.is_current:
        raise ProblemError("not-found", "The report was deleted.")
    content = AuditReport.from_document(newest.document)
    document = document_for_avid(services, content, AvidCredit())
    return render_page(
        request,
        "report_avid.html.jinja",
        title="What AVID would get",
        whose=whose,
        report=newest,
        about=title_words(content.title),
        document=json.dumps(document, ensure_ascii=False, indent=2),
    )


_PARTS_TO_SEND: Final = ("avid_url", "avid_api_key")


def avid_host(settings: Settings) -> str | None:
    """Return where reports are sent to, None where this installation sends them nowhere."""
    if any(getattr(settings, name) is None for name in _PARTS_TO_SEND):
        return None
    return urlsplit(str(settings.avid_url)).hostname


def _versions(services: Services, whose: Whose, report_id: str) -> list[StoredReport]:
    try:
        return report_versions(services.database, whose.user, report_id)
    except UnknownReportError:
        raise ProblemError("not-found", "This person has no such report.") from None
