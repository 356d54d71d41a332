"""Reports as IndieLabel's client reads, saves and submits them."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from starlette.responses import Response

from app_api.callers import Caller, Calling, require_own, user_or_self
from app_api.problem_handlers import validation_problem
from app_api.problems import FieldError, ProblemError, field_problem
from app_api.reports.drafts import METHODS, drafts_of
from app_api.reports.report_documents import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_EVIDENCE,
    MOST_REPORTS,
)
from app_api.reports.submission import NamedReport, incomplete_errors, submit_reports
from app_api.request_body import read_object
from app_api.routers.avid import EMAIL, LONGEST_EMAIL, LONGEST_NAME, checked_name
from app_api.routers.indielabel.answers import json_answer
from app_api.routers.indielabel.changes import check_change_by_get
from app_api.routers.indielabel.given import GivenText, Parameters, given, parameters_from, required
from app_api.routers.indielabel.settings import user_and_view
from app_api.routers.indielabel.training import Body, posted
from app_api.services import Provided, Services
from labelaudit_dagster.auditing.reports import (
    AuditReport,
    AvidCredit,
    Evidence,
    contract_evidence,
)
from labelaudit_dagster.store import has_saved_reports, list_reports, save_report_list

router = APIRouter(tags=["indielabel"])

LARGEST_ROW_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 100
_LONGEST_CHOICE: Final = 100
_OBJECT: Any = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}


class ReportsQuery(Parameters):
    """Whose reports, and what stands in for them before any is saved."""

    cur_user: GivenText = Field(default=None, description="Whose reports.")
    model: GivenText = Field(default=None, description="Name of the model.")
    scaffold_method: GivenText = Field(
        default=None, description=f"{', '.join(METHODS)}; others: one empty report."
    )
    topic_vis_method: GivenText = Field(
        default=None, description="fp_fn (default), median, mean, mae, mse or avg_diff."
    )


class SaveParameters(Parameters):
    """Reports to save."""

    cur_user: GivenText = Field(default=None, description="Whose reports.")
    model: GivenText = Field(default=None, description="Name of the model.")
    scaffold_method: GivenText = Field(default=None, description="Not used.")
    reports: Any = Field(default=None, description="All reports of the model: a list, or its JSON.")


class SubmitParameters(Parameters):
    """Reports to submit, and whom to credit."""

    cur_user: GivenText = Field(default=None, description="Whose reports.")
    name: GivenText = Field(default=None, description="Name that AVID may show to everybody.")
    email: GivenText = Field(default=None, description="Address that goes with it.")
    reports: Any = Field(default=None, description="Selected reports: a list, or its JSON.")

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is not None and len(value) > LONGEST_NAME:
            raise ValueError(f"has more than {LONGEST_NAME} characters")
        return None if value is None else checked_name(value)


def _text(value: Any) -> Any:
    return "" if value is None else value


def _choice(value: Any) -> Any:
    return "" if given(value) is None else value


def _mark(value: Any) -> Any:
    return False if value is None else value


def _entries(value: Any) -> Any:
    return [] if value is None else value


class SentReport(BaseModel):
    """A report of the client; what it adds of its own is ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    report_id: str | None = Field(default=None, max_length=64)
    title: Annotated[str, BeforeValidator(_text), Field(max_length=LONGEST_TITLE)] = ""
    error_type: Annotated[str, BeforeValidator(_choice), Field(max_length=_LONGEST_CHOICE)] = ""
    evidence: Annotated[
        list[dict[str, bool | int | float | str | None]],
        BeforeValidator(_entries),
        Field(max_length=MOST_EVIDENCE),
    ] = []
    text_entry: Annotated[str, BeforeValidator(_text), Field(max_length=LONGEST_TEXT)] = ""
    sep_selection: Annotated[str, BeforeValidator(_choice), Field(max_length=_LONGEST_CHOICE)] = ""
    complete_status: Annotated[bool, BeforeValidator(_mark)] = False

    @field_validator("evidence")
    @classmethod
    def _bounded(cls, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for row in rows:
            if len(row) > _MOST_FIELDS or len(json.dumps(row)) > LARGEST_ROW_BYTES:
                raise ValueError(
                    f"has a row of more than {_MOST_FIELDS} fields or {LARGEST_ROW_BYTES:,} bytes"
                )
        return rows


class SentReports(BaseModel):
    """The list that the client sends."""

    model_config = ConfigDict(strict=True)

    reports: list[SentReport] = Field(max_length=MOST_REPORTS)


@router.get(
    "/get_reports",
    summary="Saved reports of a model, or drafts",
    response_class=Response,
    responses=_OBJECT,
)
def get_reports(
    query: Annotated[ReportsQuery, Query()], services: Provided, caller: Calling
) -> Response:
    """Give the saved reports; before any is saved, drafts by the method. Never an empty list."""
    user, view = user_and_view(services, caller, query.cur_user)
    model = query.model
    if user is not None and model is not None and has_saved_reports(services.database, user, model):
        saved = [
            {
                **AuditReport.from_document(stored.document).to_contract(),
                "report_id": stored.report_id,
            }
            for stored in list_reports(services.database, user, model)
        ]
        return _reports(saved)
    if query.scaffold_method not in METHODS:
        return _reports([])
    corpus = services.audit.corpus() if view is None else view.corpus
    drafts = drafts_of(
        services,
        view,
        corpus,
        model,
        query.scaffold_method,
        query.topic_vis_method,
        field="topic_vis_method",
    )
    return _reports([draft.to_contract() for draft in drafts])


@router.get(
    "/save_reports",
    summary="Save all reports of a model, by the original client",
    response_class=Response,
    responses=_OBJECT,
)
def save_reports_by_get(
    request: Request,
    query: Annotated[SaveParameters, Query()],
    services: Provided,
    caller: Calling,
) -> Response:
    """As the POST, on an installation without tokens."""
    check_change_by_get(request, caller, services)
    return _save(query, services, caller)


@router.post(
    "/save_reports",
    summary="Save all reports of a model",
    response_class=Response,
    responses=_OBJECT,
    openapi_extra=posted(SaveParameters),
)
def save_reports(body: Body, services: Provided, caller: Calling) -> Response:
    """Put a list in the place of all reports of the model; earlier versions are kept."""
    return _save(parameters_from(SaveParameters, body), services, caller)


@router.get(
    "/submit_avid_report",
    summary="Submit reports to AVID, by the original client",
    response_class=Response,
    responses=_OBJECT,
)
def submit_avid_report_by_get(
    request: Request,
    query: Annotated[SubmitParameters, Query()],
    services: Provided,
    caller: Calling,
) -> Response:
    """As the POST, on an installation without tokens."""
    check_change_by_get(request, caller, services)
    return _submit(query, services, caller)


@router.post(
    "/submit_avid_report",
    summary="Submit reports to AVID",
    response_class=Response,
    responses=_OBJECT,
    openapi_extra=posted(SubmitParameters),
)
def submit_avid_report(body: Body, services: Provided, caller: Calling) -> Response:
    """Send those of the reports that are complete; success only when AVID has confirmed them."""
    return _submit(parameters_from(SubmitParameters, body), services, caller)


def _reports(reports: list[dict[str, Any]]) -> Response:
    return json_answer({"reports": reports or [AuditReport().to_contract()]})


def _save(parameters: SaveParameters, services: Services, caller: Caller) -> Response:
    user = user_or_self(caller, parameters.cur_user, field="cur_user")
    require_own(caller, user)
    model = required(parameters.model, "model")
    sent = _sent(parameters.reports)
    before = list_reports(services.database, user, model)
    earlier = [
        entry for stored in before for entry in AuditReport.from_document(stored.document).evidence
    ]
    documents = [
        {**_report(one, earlier).to_document(), "report_id": one.report_id} for one in sent
    ]
    save_report_list(services.database, user, model, documents, now=services.now())
    return json_answer({"status": "success"})


def _submit(parameters: SubmitParameters, services: Services, caller: Caller) -> Response:
    user = user_or_self(caller, parameters.cur_user, field="cur_user")
    require_own(caller, user)
    credit = AvidCredit(parameters.name or "", _email(parameters.email))
    saved = {
        stored.report_id: list(AuditReport.from_document(stored.document).evidence)
        for stored in list_reports(services.database, user)
    }
    named = [
        NamedReport(
            one.report_id if one.report_id in saved else None,
            _report(one, saved.get(one.report_id or "", [])),
        )
        for one in _sent(parameters.reports)
    ]
    complete = [one for one in named if one.report.is_complete]
    if not complete:
        raise ProblemError(
            "nothing-to-submit",
            "Nothing was sent: no report is selected that is complete. It needs evidence, and a "
            "text with a kind of harm or your mark that it is complete.",
            incomplete_errors(named)[:20],
        )
    done = submit_reports(services, user, complete, credit)
    return json_answer(
        {
            "status": "success",
            "n_submitted": len(done),
            "n_incomplete": len(named) - len(complete),
            "submission_ids": [one.submission_id for one in done],
        }
    )


def _email(value: str | None) -> str:
    if value is None:
        return ""
    if len(value) > LONGEST_EMAIL or not re.fullmatch(EMAIL, value):
        raise field_problem("invalid-value", "email", "is no address")
    return value


def _report(sent: SentReport, earlier: list[Evidence]) -> AuditReport:
    content = sent.model_dump(exclude={"evidence", "report_id"})
    return AuditReport(**content, evidence=contract_evidence(sent.evidence, earlier))


def _sent(value: Any) -> list[SentReport]:
    """Return the reports of a parameter: a list, or JSON text of one."""
    if isinstance(value, str):
        value = _parsed(value)
    if value is None:
        # Not given must not mean: delete them all.
        raise field_problem("invalid-value", "reports", "is missing")
    try:
        reports = SentReports.model_validate({"reports": value}).reports
    except ValidationError as error:
        raise validation_problem(error) from None
    try:
        json.dumps([one.model_dump() for one in reports], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise field_problem("invalid-value", "reports", "is no valid Unicode text") from None
    return reports


def _parsed(text: str) -> Any:
    try:
        found = given(text)
    except ValueError as error:
        raise field_problem("invalid-value", "reports", str(error)) from None
    if found is None:
        return None
    try:
        document = read_object(b'{"reports":%s}' % text.encode())
        if set(document) != {"reports"}:
            raise ProblemError("invalid-json", "Something follows the list.")
        return document["reports"]
    except ProblemError as error:
        raise ProblemError(
            "invalid-value",
            f"reports is no JSON list: {error}",
            [FieldError(field="reports", message="is no JSON list")],
        ) from None
