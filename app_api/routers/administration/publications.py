"""Publishing the current constitution, through the gate, and approving what it holds back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app_api.body_schema import json_body
from app_api.callers import Caller, Calling
from app_api.problem_handlers import RETRY_SECONDS, validation_problem
from app_api.problems import ProblemError, field_problem
from app_api.request_body import read_body, read_object
from app_api.services import Provided, Services
from labelaudit_dagster.home import HomeError
from labelaudit_dagster.publishing import PublishingError, publish_current
from labelaudit_dagster.resources.constitution_target import constitution_target
from labelaudit_dagster.store import (
    PublicationStateError,
    decline_publication,
    held_publication,
    last_published,
    last_published_elsewhere,
)

if TYPE_CHECKING:
    from labelaudit_dagster.store import Publication

router = APIRouter(prefix="/v1", tags=["administration"])

MAX_BODY_BYTES = 64 * 1024
WAIT_SECONDS = 20.0
"""Longest wait for a run that computes or publishes a constitution."""


class PublicationDocument(BaseModel):
    """A publication."""

    sequence: int
    target: str = Field(description="`embedded`, or a platform's base address.")
    state: Literal["held", "begun", "sent", "withdrawn"]
    created_at: datetime
    held_because: list[str] = Field(description="Why it is, or was, held back; sentences.")
    approved_by: str | None
    approved_at: datetime | None
    approved_why: str | None
    declined_by: str | None
    declined_at: datetime | None
    declined_why: str | None
    finished_at: datetime | None = Field(description="When the target confirmed it (UTC).")

    @classmethod
    def of(cls, found: Publication | None) -> PublicationDocument | None:
        """Return the document of a publication, None for none."""
        if found is None:
            return None
        return cls(
            sequence=found.sequence,
            target=found.target,
            state=found.state,
            created_at=found.created_at,
            held_because=list(found.held_because or ()),
            approved_by=found.approved_by,
            approved_at=found.approved_at,
            approved_why=found.approved_why,
            declined_by=found.declined_by,
            declined_at=found.declined_at,
            declined_why=found.declined_why,
            finished_at=found.finished_at,
        )


class Judgement(BaseModel):
    """What publishing the current constitution would do."""

    constitution: str = Field(description="Its version.")
    sequence: int | None = Field(
        description="Number of its publication; null before it has one. What waits may be older."
    )
    state: Literal["would_send", "unchanged", "held"]
    held_because: list[str]
    churn: float | None = Field(
        description="Share of accepted guidelines that changed sides; null at the first."
    )
    changes: list[str] = Field(description="What differs from what was published last; sentences.")


class PublicationState(BaseModel):
    """How it stands with publishing."""

    target: str
    current: Judgement | None = Field(description="Null where it cannot be judged.")
    problem: str | None = Field(description="Why it cannot be judged.")
    waiting: PublicationDocument | None = Field(description="What waits for an approval.")
    last: PublicationDocument | None = Field(description="What the target confirmed last.")
    elsewhere: list[PublicationDocument] = Field(
        description="What each other target confirmed last, by the target's name."
    )


class PostedPublication(BaseModel):
    """That the current constitution is to be published."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"approve": 2, "why": "We talked about it on Monday.", "by": "anna"}]
        },
    )

    approve: int | None = Field(
        default=None, ge=1, description="Number of the held publication that is approved."
    )
    decline: int | None = Field(
        default=None,
        ge=1,
        description="Number of the held publication that is to stay where it is; nothing is sent.",
    )
    why: str | None = Field(
        default=None, max_length=2_000, description="Why; needed to approve or decline."
    )
    by: str | None = Field(
        default=None, max_length=200, description="Who decides. Default: whose session it is."
    )


class Published(PublicationState):
    """How it stands after publishing."""

    sent_now: bool = Field(description="Whether something was sent by this request.")


@router.get("/publication", summary="What is published, what waits, what would be sent")
def state(services: Provided) -> PublicationState:
    """Judge the current constitution without storing or sending anything."""
    return PublicationState(**_state(services))


async def _posted(request: Request) -> PostedPublication:
    document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return PostedPublication.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.post(
    "/publications",
    summary="Publish the current constitution, if the gate lets it pass",
    openapi_extra=json_body(PostedPublication),
)
def publish(
    services: Provided, caller: Calling, posted: Annotated[PostedPublication, Depends(_posted)]
) -> Published:
    """Do what `labelaudit publish` does, with `approve` what `--approve N --why TEXT` does.

    With `decline` nothing is sent: the publication stays held, and nobody is asked about it again.
    What the gate holds back is not sent: the answer's `waiting` has its number and the reasons.
    """
    by, why = _decision(services, caller, posted)
    if posted.decline is not None:
        _decline(services, posted.decline, by, why)
        return Published(**_state(services), sent_now=False)
    before = _state(services)
    config: dict[str, Any] = {}
    if posted.approve is not None:
        config = {
            "approved_by": by,
            "approved_why": why,
            "approved_publication": posted.approve,
        }
    if before["current"] is None:
        raise ProblemError("publication-conflict", before["problem"])
    if config or before["current"].state != "unchanged" or before["waiting"] is not None:
        _run(services, config)
    after = _state(services)
    sent = after["last"] is not None and after["last"] != before["last"]
    return Published(**after, sent_now=sent)


def _decision(services: Services, caller: Caller, posted: PostedPublication) -> tuple[str, str]:
    """Return who decides about what waits, and why; both empty where nobody does.

    Raises:
        ProblemError: It has no reason, says two things, or is about something else than what waits.
    """
    if posted.approve is not None and posted.decline is not None:
        raise field_problem("invalid-value", "decline", "stands beside approve; send one of them")
    number = posted.approve or posted.decline
    if number is None:
        if posted.why is not None or posted.by is not None:
            raise field_problem(
                "invalid-value", "approve", "is missing beside why and by, or decline"
            )
        return "", ""
    why = (posted.why or "").strip()
    if not why:
        raise field_problem("invalid-value", "why", "is missing: say why")
    target = constitution_target(services.settings).name
    waiting = held_publication(services.database, target=target)
    if waiting is None or waiting.sequence != number:
        raise ProblemError(
            "publication-conflict",
            f"Publication {number} does not wait for a decision"
            + ("; nothing does." if waiting is None else f"; publication {waiting.sequence} does."),
        )
    return (posted.by or "").strip() or caller.subject or caller.shown, why


def _decline(services: Services, number: int, by: str, why: str) -> None:
    """Record it.

    Raises:
        ProblemError: Somebody else decided meanwhile.
    """
    try:
        decline_publication(services.database, number, by=by, why=why, now=services.now())
    except PublicationStateError as error:
        raise ProblemError("publication-conflict", str(error)) from None


def _run(services: Services, config: dict[str, Any]) -> None:
    """Run the job that publishes.

    Raises:
        ProblemError: Another run does not end, or the target did not confirm.
    """
    from labelaudit_dagster.launch import run_group

    try:
        outcome = run_group(
            services.settings,
            "constitution",
            job="publish_job",
            run_config={"ops": {"published_constitution": {"config": config}}},
            wait_seconds=WAIT_SECONDS,
        )
    except HomeError:
        raise ProblemError(
            "unavailable",
            "A constitution is being computed or published at the moment. Try again later.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        ) from None
    if not outcome.succeeded:
        raise ProblemError(
            "submission-failed", " ".join(outcome.problems) or "Dagster does not say why."
        )


def _state(services: Services) -> dict[str, Any]:
    target = constitution_target(services.settings)
    current, problem = None, None
    try:
        found = publish_current(
            services.artifacts,
            services.database,
            target,
            churn_limit=services.settings.churn_limit,
            churn_limit_unchanged=services.settings.resolved_churn_limit_unchanged,
            now=services.now(),
            dry_run=True,
        )
        current = Judgement(
            constitution=found.ref.version,
            sequence=found.sequence,
            state="unchanged" if found.state == "sent" else found.state,
            held_because=list(found.reasons),
            churn=found.churn,
            changes=found.changes,
        )
    except PublishingError as error:
        problem = str(error)
    waiting = held_publication(services.database, target=target.name)
    last = last_published(services.database, target=target.name)
    return {
        "target": target.name,
        "current": current,
        "problem": problem,
        "waiting": PublicationDocument.of(waiting),
        "last": PublicationDocument.of(last),
        "elsewhere": [
            PublicationDocument.of(found)
            for found in last_published_elsewhere(services.database, target=target.name)
        ],
    }
