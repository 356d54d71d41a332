"""Entity tags of reports: which version somebody holds, in which form."""

from __future__ import annotations

import re
from typing import Final, Literal

from app_api.media_types import wanted_form
from app_api.problems import ProblemError
from app_api.reports.report_documents import ReportDocument
from labelaudit_dagster.store import StaleReportError, StoredReport

ReportFormat = Literal["json", "markdown", "html"]

_TAG = re.compile(r'(?<![/\w])"([0-9a-f]{1,64})-(\d{1,9})(?:-[a-z]{1,10})?"')
_MEDIA_TYPES: Final[dict[str, ReportFormat]] = {
    "application/json": "json",
    "application/*": "json",
    "*/*": "json",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/*": "html",
    "text/markdown": "markdown",
}


def report_tag(stored: StoredReport, form: ReportFormat = "json") -> str:
    """Return what the entity tag of a version is made of, without the quotes."""
    suffix = "" if form == "json" else f"-{form}"
    return f"{stored.report_id}-{stored.version}{suffix}"


def expected_version(if_match: str | None, current: StoredReport) -> int | None:
    """Return the version that a request with If-Match expects to find; None for any.

    Args:
        if_match: The header: entity tags of any form of the report, or `*`. Weak tags match
            nothing (RFC 9110, section 13.1.1).
        current: What is there now.

    Raises:
        ProblemError: `precondition-required`; there is no such header.
    """
    if if_match is None:
        raise ProblemError(
            "precondition-required",
            "Send If-Match with the ETag of the version that was edited, or If-Match: * to save "
            "whatever came between.",
        )
    if if_match.strip() == "*":
        return None
    named = [int(number) for id_, number in _TAG.findall(if_match) if id_ == current.report_id]
    # 0 is no version of anything, and so is expected in vain.
    return current.version if current.version in named else max(named, default=0)


def stale_problem(error: StaleReportError) -> ProblemError:
    """Return the problem that holds the newer version."""
    current = error.current
    return ProblemError(
        "stale-report",
        f"The report was saved as version {current.version} since it was read. The newer one is "
        "in `current`: repeat the change on it, and send its ETag.",
        headers={"ETag": f'"{report_tag(current)}"'},
        current=ReportDocument.of(current).model_dump(mode="json"),
    )


def accepted_form(given: ReportFormat | None, accept: str | None) -> ReportFormat:
    """Return in which form a report is wanted.

    Args:
        given: The query parameter `format`, which comes before the header.
        accept: The header `Accept`. Of several media types the one with the highest weight counts,
            of equal ones the first; what is none of ours means JSON.
    """
    return wanted_form(given, accept, _MEDIA_TYPES, "json")
