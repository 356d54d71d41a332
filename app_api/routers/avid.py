"""Reports for AVID: the document to look at, and submission with receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.responses import JSONResponse, Response

from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problem_handlers import validation_problem
from app_api.problems import FieldError, ProblemError
from app_api.read_answers import document_answer
from app_api.reports.submission import (
    NamedReport,
    document_for_avid,
    incomplete_errors,
    submit_reports,
)
from app_api.request_body import read_body, read_object
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.audit.whose import OwnUser, ReadableUser
from app_api.routers.reports import ReportInPath, current_report
from app_api.services import Provided
from labelaudit_dagster.auditing.reports import AuditReport, AvidCredit
from labelaudit_dagster.store import list_reports, list_submissions

router = APIRouter(prefix="/v1/users", tags=["reports"], route_class=EncodedSegmentRoute)

MAX_BODY_BYTES = 64 * 1024
MOST_AT_ONCE = 20
LONGEST_NAME = 200
LONGEST_EMAIL = 254
EMAIL = r"^[^@\s<>\x00-\x1f\x7f]+@[^@\s<>\x00-\x1f\x7f]+$"


class PostedSubmission(BaseModel):
    """Which reports go to AVID, and whom it is to credit."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"report_ids": ["5f3a9c01d2e4b677"], "name": "Ann"}]},
    )

    report_ids: list[str] = Field(
        min_length=1, max_length=MOST_AT_ONCE, description="Complete reports of the person."
    )
    name: str = Field(
        default="",
        max_length=LONGEST_NAME,
        description="Name that AVID may show to everybody; empty to stay unnamed.",
    )
    email: str = Field(
        default="",
        max_length=LONGEST_EMAIL,
        pattern=f"^$|{EMAIL}",
        description="Address that goes with the name; AVID may show it too.",
    )

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return checked_name(value)

    @field_validator("report_ids")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("names a report twice")
        return value


class SubmittedReport(BaseModel):
    """A report that AVID has confirmed."""

    report_id: str | None
    submission_id: str = Field(description="AVID's id, to ask it for the state with.")
    submitted_at: datetime
    was_submitted_before: bool = Field(
        description="Whether the same content was confirmed before; nothing was sent now."
    )


class SubmittedReports(BaseModel):
    """Reports that AVID has confirmed: all that were named."""

    submitted: list[SubmittedReport]


class Attempt(BaseModel):
    """A report that was sent, and what came of it."""

    sequence: int
    submitted_at: datetime
    target: str
    report_ids: list[str] = Field(description="Empty for a report that is not saved here.")
    succeeded: bool = Field(description="Whether AVID confirmed it.")
    submission_id: str | None
    error: str | None
    may_have_been_applied: bool = Field(
        description="Whether AVID may have taken it although it did not confirm."
    )


class Attempts(BaseModel):
    """Everything that was sent, oldest first."""

    user: str
    submissions: list[Attempt]


def checked_name(value: str) -> str:
    """Return a name on one line.

    Raises:
        ValueError: It has a line end or another control character.
    """
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in value):
        raise ValueError("must be one line without control characters")
    return value.strip()


async def _posted(request: Request, user: OwnUser) -> PostedSubmission:
    document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return PostedSubmission.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.get(
    "/{user}/reports/{report_id}/avid",
    summary="A report in AVID's form",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def avid(services: Provided, user: ReadableUser, report_id: ReportInPath) -> Response:
    """Give the document that a submission would send today, without a credit. Sends nothing."""
    stored = current_report(services, user, report_id)
    report = AuditReport.from_document(stored.document)
    return JSONResponse(document_for_avid(services, report, AvidCredit()))


@router.post(
    "/{user}/submissions",
    summary="Submit reports to AVID",
    response_model=SubmittedReports,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": PostedSubmission.model_json_schema()}},
        }
    },
)
def submit(
    services: Provided, user: OwnUser, posted: Annotated[PostedSubmission, Depends(_posted)]
) -> SubmittedReports:
    """Send complete reports; the answer comes when AVID has confirmed every one of them.

    The same content is sent once, however often it is submitted.
    """
    known = {stored.report_id: stored for stored in list_reports(services.database, user)}
    unknown = [
        FieldError(field=f"report_ids.{place}", message="names no report of this person")
        for place, report_id in enumerate(posted.report_ids)
        if report_id not in known
    ]
    if unknown:
        raise ProblemError("unknown-id", f"{unknown[0]['field']} {unknown[0]['message']}.", unknown)
    reports = [
        NamedReport(report_id, AuditReport.from_document(known[report_id].document))
        for report_id in posted.report_ids
    ]
    incomplete = incomplete_errors(reports)
    if incomplete:
        raise ProblemError(
            "nothing-to-submit",
            "Nothing was sent: a report is not complete. It needs evidence, and a text with a kind "
            "of harm or your mark that it is complete.",
            incomplete,
        )
    done = submit_reports(services, user, reports, AvidCredit(posted.name, posted.email))
    return SubmittedReports(
        submitted=[SubmittedReport.model_validate(one, from_attributes=True) for one in done]
    )


@router.get(
    "/{user}/submissions",
    summary="What was submitted, with receipts",
    response_model=Attempts,
    responses=READ_RESPONSES,
)
def submissions(request: Request, services: Provided, user: ReadableUser) -> Response:
    """List every attempt, those without a confirmation too."""

    def make() -> Attempts:
        return Attempts(
            user=user,
            submissions=[
                Attempt(
                    sequence=one.sequence,
                    submitted_at=one.submitted_at,
                    target=one.target,
                    report_ids=list(one.report_ids),
                    succeeded=one.succeeded,
                    submission_id=one.receipt.get("submission_id"),
                    error=one.receipt.get("error"),
                    may_have_been_applied=one.receipt.get("may_have_been_applied", False),
                )
                for one in list_submissions(services.database, user)
            ],
        )

    return document_answer(request, None, make)
