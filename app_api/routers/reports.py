"""Reports: drafts, saving with optimistic locking, versions, and forms for people."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.responses import Response

from app_api.body_schema import json_body
from app_api.conditional import READ_HEADERS, matching_tag
from app_api.encoded_segments import EncodedSegmentRoute, path_of
from app_api.posted_model import read_model
from app_api.problems import FieldError, ProblemError
from app_api.read_answers import document_answer
from app_api.reports.drafts import drafts_of
from app_api.reports.evidence_rows import evidence_now
from app_api.reports.html_report import MEDIA_TYPE as HTML
from app_api.reports.html_report import html_report, page_policy
from app_api.reports.markdown_report import MEDIA_TYPE as MARKDOWN
from app_api.reports.markdown_report import markdown_report
from app_api.reports.report_documents import (
    MAX_BODY_BYTES,
    MOST_REPORTS,
    Draft,
    PostedReport,
    PostedRestoration,
    ReportDocument,
    ReportHistory,
    ReportList,
    Scaffold,
)
from app_api.reports.report_facts import report_facts
from app_api.reports.report_tags import (
    ReportFormat,
    accepted_form,
    expected_version,
    report_tag,
    stale_problem,
)
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.audit.whose import ModelInPath, OwnUser, ReadableUser
from app_api.services import Provided, Services
from labelaudit_dagster.auditing.reports import AuditReport, Evidence
from labelaudit_dagster.store import (
    StaleReportError,
    StoredReport,
    UnknownReportError,
    delete_report,
    list_reports,
    report_versions,
    restore_report,
    save_report,
)

router = APIRouter(prefix="/v1/users", tags=["reports"], route_class=EncodedSegmentRoute)

ReportInPath = Annotated[
    str, Path(alias="report_id", max_length=64, description="Id of the report.")
]
_REPORT_ID = re.compile("[0-9a-f]{1,64}")
ScaffoldMethod = Literal[
    "none", "fixed", "personal", "personal_group", "personal_test", "prompts", "tutorial"
]
TopicComparison = Literal["fp_fn", "median", "mean", "mae", "mse", "avg_diff"]
IfMatch = Annotated[
    str | None,
    Header(description="ETag of the version that was edited; `*` for whatever is there."),
]

_SMALL_BODY_BYTES = 64 * 1024
_BODY = json_body(PostedReport)
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/markdown": {"schema": {"type": "string"}},
            "text/html": {"schema": {"type": "string"}},
        }
    },
    304: {"description": "Not changed since the answer that the request names."},
}


async def _posted_report(request: Request, user: OwnUser) -> PostedReport:
    return await read_model(request, PostedReport, MAX_BODY_BYTES)


async def _posted_restoration(request: Request, user: OwnUser) -> PostedRestoration:
    return await read_model(request, PostedRestoration, _SMALL_BODY_BYTES)


Posted = Annotated[PostedReport, Depends(_posted_report)]


@router.get(
    "/{user}/models/{model}/scaffold",
    summary="Drafts of reports to begin with",
    response_model=Scaffold,
    responses=READ_RESPONSES,
)
def scaffold(
    request: Request,
    services: Provided,
    user: ReadableUser,
    model: ModelInPath,
    method: Annotated[
        ScaffoldMethod,
        Query(description="Where drafts come from; `none` is one empty report."),
    ] = "personal",
    topic_method: Annotated[
        TopicComparison,
        Query(description="How the personal methods compare topics."),
    ] = "fp_fn",
) -> Response:
    """Draft reports about topics where the model and the system differ, or by another method.

    Without results of the model the personal methods give one empty report. Nothing is stored.
    """
    view, corpus = services.audit.user_or_corpus(user)
    personal = method.startswith("personal")

    def make() -> Scaffold:
        drafts = drafts_of(
            services, view, corpus, model, method, topic_method, field="topic_method"
        )
        return Scaffold(
            method=method,
            topic_method=topic_method if personal else None,
            drafts=[Draft(title=one.title, error_type=one.error_type) for one in drafts],
        )

    return document_answer(request, None, make)


@router.get(
    "/{user}/models/{model}/reports",
    summary="The reports written with a model",
    response_model=ReportList,
    responses=READ_RESPONSES,
)
def reports_of_model(
    request: Request, services: Provided, user: ReadableUser, model: ModelInPath
) -> Response:
    """List reports in their order."""
    return _listed(request, services, user, model)


@router.get(
    "/{user}/reports",
    summary="All reports of a person",
    response_model=ReportList,
    responses=READ_RESPONSES,
)
def reports_of_user(request: Request, services: Provided, user: ReadableUser) -> Response:
    """List reports, by model and in their order."""
    return _listed(request, services, user, None)


@router.post(
    "/{user}/models/{model}/reports",
    summary="Write a report",
    status_code=201,
    response_model=ReportDocument,
    openapi_extra=_BODY,
)
def create(services: Provided, user: OwnUser, model: ModelInPath, posted: Posted) -> Response:
    """Save a new report at the end of the list; it is on the disk before the answer."""
    _check_room(services, user, model)
    report = _report(services, user, model, posted, ())
    stored = save_report(
        services.database, user, model, None, report.to_document(), now=services.now()
    )
    location = path_of("v1", "users", user, "reports", stored.report_id)
    return _answer(stored, status=201, headers={"Location": location})


@router.get(
    "/{user}/reports/{report_id}",
    summary="A report, also as Markdown or as a page to print",
    response_model=ReportDocument,
    responses=_FORMS,
)
def read(
    request: Request,
    services: Provided,
    user: ReadableUser,
    report_id: ReportInPath,
    version: Annotated[
        int | None,
        Query(ge=1, lt=2**31, description="An earlier version; also of a deleted report."),
    ] = None,
    form: Annotated[
        ReportFormat | None,
        Query(alias="format", description="Comes before the header `Accept`."),
    ] = None,
) -> Response:
    """Give the newest version, or the one that is named."""
    stored = _stored(services, user, report_id, version)
    wanted = accepted_form(form, request.headers.get("accept"))
    headers = {**READ_HEADERS, "Vary": f"{READ_HEADERS['Vary']}, Accept"}
    held = matching_tag(request.headers.get("if-none-match"), report_tag(stored, wanted))
    if held is not None:
        return Response(status_code=304, headers={**headers, "ETag": held})
    if wanted == "json":
        return _answer(stored, headers=headers)
    facts = report_facts(stored)
    headers["ETag"] = f'"{report_tag(stored, wanted)}"'
    if wanted == "html":
        headers["Content-Security-Policy"] = page_policy()
        return Response(html_report(facts), media_type=HTML, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="report-{stored.report_id}.md"'
    return Response(markdown_report(facts), media_type=MARKDOWN, headers=headers)


@router.put(
    "/{user}/reports/{report_id}",
    summary="Save a report that was edited",
    response_model=ReportDocument,
    openapi_extra=_BODY,
)
def save(
    services: Provided,
    user: OwnUser,
    report_id: ReportInPath,
    posted: Posted,
    if_match: IfMatch = None,
) -> Response:
    """Save a new version, unless somebody else has saved one since `If-Match` was current.

    What is there already is not stored again. Earlier versions are kept.
    """
    current = current_report(services, user, report_id)
    expected = expected_version(if_match, current)
    if expected is not None and expected != current.version:
        # Told before the evidence is judged, which may have come with the newer version.
        raise stale_problem(StaleReportError("", current))
    earlier = AuditReport.from_document(current.document).evidence
    report = _report(services, user, current.model, posted, earlier)
    try:
        stored = save_report(
            services.database,
            user,
            current.model,
            report_id,
            report.to_document(),
            expected_version=expected,
            now=services.now(),
        )
    except StaleReportError as error:
        raise stale_problem(error) from None
    except UnknownReportError:
        raise _no_report() from None
    return _answer(stored)


@router.delete(
    "/{user}/reports/{report_id}", summary="Delete a report", status_code=204, response_model=None
)
def delete(
    services: Provided, user: OwnUser, report_id: ReportInPath, if_match: IfMatch = None
) -> Response:
    """Take a report out of the list. Its versions are kept until the person is forgotten."""
    found = _versions(services, user, report_id)
    expected = None if if_match is None else expected_version(if_match, found[-1])
    try:
        delete_report(
            services.database, user, report_id, expected_version=expected, now=services.now()
        )
    except StaleReportError as error:
        raise stale_problem(error) from None
    except UnknownReportError:
        raise _no_report() from None
    return Response(status_code=204)


@router.post(
    "/{user}/reports/{report_id}/restorations",
    summary="Have an earlier version again",
    response_model=ReportDocument,
    openapi_extra=json_body(PostedRestoration),
)
def restore(
    services: Provided,
    user: OwnUser,
    report_id: ReportInPath,
    posted: Annotated[PostedRestoration, Depends(_posted_restoration)],
    if_match: IfMatch = None,
) -> Response:
    """Save an earlier version as the newest, evidence as it was seen then.

    A deleted report comes back by that. `If-Match` names the version that was seen as the newest.
    """
    found = _versions(services, user, report_id)
    _stored(services, user, report_id, posted.version)
    newest = found[-1]
    if not newest.is_current:
        _check_room(services, user, newest.model)
    try:
        stored = restore_report(
            services.database,
            user,
            report_id,
            posted.version,
            expected_version=expected_version(if_match, newest),
            now=services.now(),
        )
    except StaleReportError as error:
        raise stale_problem(error) from None
    return _answer(stored)


@router.get(
    "/{user}/reports/{report_id}/versions",
    summary="All versions of a report",
    response_model=ReportHistory,
    responses=READ_RESPONSES,
)
def versions(
    request: Request, services: Provided, user: ReadableUser, report_id: ReportInPath
) -> Response:
    """List versions, of a deleted report too; each can be read with `?version=`."""
    found = _versions(services, user, report_id)
    return document_answer(request, None, lambda: ReportHistory.of(found))


def current_report(services: Services, user: str, report_id: str) -> StoredReport:
    """Return the newest version of a report.

    Raises:
        ProblemError: `not-found`; the person has no such report, or it was deleted.
    """
    return _stored(services, user, report_id, None)


def _check_room(services: Services, user: str, model: str) -> None:
    if len(list_reports(services.database, user, model)) >= MOST_REPORTS:
        raise ProblemError(
            "invalid-value",
            f"There are {MOST_REPORTS} reports for this model already; delete one first.",
        )


def _listed(request: Request, services: Services, user: str, model: str | None) -> Response:
    def make() -> ReportList:
        found = list_reports(services.database, user, model)
        return ReportList(user=user, reports=[ReportDocument.of(stored) for stored in found])

    return document_answer(request, None, make)


def _answer(
    stored: StoredReport, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        ReportDocument.of(stored).model_dump_json().encode(),
        status_code=status,
        media_type="application/json",
        headers={**(headers or {}), "ETag": f'"{report_tag(stored)}"'},
    )


def _stored(services: Services, user: str, report_id: str, version: int | None) -> StoredReport:
    """Return a version of a report; without a number the newest, if it was not deleted."""
    found = _versions(services, user, report_id)
    if version is None:
        if not found[-1].is_current:
            raise _no_report()
        return found[-1]
    chosen = next((one for one in found if one.version == version), None)
    if chosen is None:
        raise ProblemError("not-found", "The report has no such version.")
    return chosen


def _versions(services: Services, user: str, report_id: str) -> list[StoredReport]:
    if not _REPORT_ID.fullmatch(report_id):
        raise _no_report()
    try:
        return report_versions(services.database, user, report_id)
    except UnknownReportError:
        raise _no_report() from None


def _no_report() -> ProblemError:
    return ProblemError("not-found", "This person has no such report, or it was deleted.")


def _report(
    services: Services,
    user: str,
    model: str,
    posted: PostedReport,
    earlier: tuple[Evidence, ...],
) -> AuditReport:
    """Return the report that was posted, its evidence filled in."""
    kept = {entry.item_id: entry for entry in earlier if entry.item_id is not None}
    asked = [entry.item_id for entry in posted.evidence]
    found = kept | evidence_now(services, user, model, set(asked) - kept.keys())
    unknown = [place for place, item in enumerate(asked) if item not in found]
    if unknown:
        errors = [
            FieldError(
                field=f"evidence.{place}.item_id",
                message="names no comment that the system has rated",
            )
            for place in unknown[:20]
        ]
        raise ProblemError("unknown-id", f"{errors[0]['field']} {errors[0]['message']}.", errors)
    content = posted.model_dump(exclude={"evidence"})
    return AuditReport(**content, evidence=tuple(found[item] for item in asked))
