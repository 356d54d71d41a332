"""Guidelines that people propose, and what operators decide on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app_api.body_schema import json_body
from app_api.callers import Calling, may_read_all, require_may_read, require_own, user_or_self
from app_api.problem_handlers import validation_problem
from app_api.problems import FieldError, ProblemError, field_problem
from app_api.request_body import read_body, read_object
from app_api.routers.audit.documents import Document
from app_api.routers.constitutions.parameters import LONGEST_ID
from app_api.services import Provided
from labelaudit_dagster.store import (
    LONGEST_PROPOSAL,
    LONGEST_REASON,
    PROPOSALS_A_DAY,
    SHORTEST_PROPOSAL,
    DuplicateProposalError,
    InvalidNameError,
    InvalidProposalError,
    Proposal,
    ProposalDecidedError,
    ProposalLimitError,
    UnknownProposalError,
    add_proposal,
    decide_proposal,
    list_proposals,
)

router = APIRouter(prefix="/v1/proposals", tags=["proposals"])

MAX_BODY_BYTES = 64 * 1024

Posted = TypeVar("Posted", bound=BaseModel)


class ProposalRow(Document):
    """A proposal, and what became of it."""

    proposal_id: str = Field(examples=["0f1e2d3c4b5a6978"])
    participant_id: str | None = Field(description="Who proposed it; null after an erasure.")
    text: str = Field(examples=["The AI should say who paid for an answer."])
    topic_id: str | None
    proposed_at: datetime
    status: Literal["pending", "accepted", "declined"]
    reason: str | None = Field(description="Why it was decided so.")
    decided_at: datetime | None
    decided_by: str | None = Field(
        description="Public id of the token or session that decided; for operators and analysts."
    )
    guideline_id: str | None = Field(description="The guideline that it became.")

    @classmethod
    def of(cls, found: Proposal, *, whole: bool) -> ProposalRow:
        """Return the document of a proposal.

        Args:
            found: The proposal.
            whole: Whether the reader may see who decided.
        """
        return cls(
            proposal_id=found.proposal_id,
            participant_id=found.proposer_id,
            text=found.text,
            topic_id=found.topic_id,
            proposed_at=found.proposed_at,
            status=found.status,
            reason=found.reason,
            decided_at=found.decided_at,
            decided_by=found.decided_by if whole else None,
            guideline_id=found.guideline_id,
        )


class Proposals(Document):
    """Proposals: those that wait in the order in which they came, then the newest decisions."""

    n_pending: int = Field(description="How many of these wait.")
    proposals: list[ProposalRow]


class PostedProposal(BaseModel):
    """A guideline that somebody proposes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"text": "The AI should say who paid for an answer."}]},
    )

    text: str = Field(
        max_length=10 * LONGEST_PROPOSAL,
        description=f"{SHORTEST_PROPOSAL} to {LONGEST_PROPOSAL} characters; white space is "
        "collapsed.",
    )
    topic_id: str | None = Field(
        default=None, max_length=LONGEST_ID, description="A topic that it belongs to."
    )
    participant_id: str | None = Field(
        default=None,
        min_length=1,
        description="Who proposes; participants propose for themselves, and need not say it.",
        examples=["anna"],
    )


class PostedDecision(BaseModel):
    """What is done with a proposal."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"decision": "declined", "reason": "It is two guidelines in one."}]
        },
    )

    decision: Literal["accepted", "declined"]
    reason: str | None = Field(
        default=None,
        max_length=2 * LONGEST_REASON,
        description="Why, for the proposer to read; needed to decline.",
    )
    change_mind: bool = Field(
        default=False, description="Whether an earlier decision may be turned."
    )


def _read(model: type[Posted], body: bytes) -> Posted:
    try:
        return model.model_validate(read_object(body))
    except ValidationError as error:
        raise validation_problem(error) from None


async def _posted_proposal(request: Request) -> PostedProposal:
    return _read(PostedProposal, await read_body(request, MAX_BODY_BYTES))


async def _posted_decision(request: Request) -> PostedDecision:
    return _read(PostedDecision, await read_body(request, MAX_BODY_BYTES))


@router.post(
    "",
    summary="Propose a guideline",
    status_code=201,
    responses={200: {"model": ProposalRow, "description": "It waits already; nothing was stored."}},
    openapi_extra=json_body(PostedProposal),
)
def propose(
    response: Response,
    services: Provided,
    caller: Calling,
    posted: Annotated[PostedProposal, Depends(_posted_proposal)],
) -> ProposalRow:
    """Store a proposal, on the disk before the answer; operators look at it before it is rated."""
    person = user_or_self(caller, posted.participant_id, field="participant_id")
    require_own(caller, person)
    try:
        stored = add_proposal(
            services.database, person, posted.text, topic_id=posted.topic_id, now=services.now()
        )
    except DuplicateProposalError as error:
        raise ProblemError("duplicate-text", str(error)) from None
    except InvalidProposalError as error:
        raise _invalid("text", error) from None
    except InvalidNameError:
        raise field_problem(
            "invalid-value", "participant_id", "must have 1 to 2,000 bytes in UTF-8"
        ) from None
    except ProposalLimitError as error:
        raise ProblemError(
            "too-many-requests",
            f"{error} At most {PROPOSALS_A_DAY} within 24 hours.",
            headers={"Retry-After": str(error.seconds)},
        ) from None
    if not stored.is_new:
        response.status_code = 200
    return ProposalRow.of(stored, whole=may_read_all(caller))


@router.get("", summary="Proposed guidelines")
def proposals(
    services: Provided,
    caller: Calling,
    status: Annotated[
        Literal["pending", "accepted", "declined"] | None, Query(description="Only of this status.")
    ] = None,
    participant_id: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=LONGEST_ID,
            description="Only of this person. Participants see their own alone.",
        ),
    ] = None,
) -> Proposals:
    """List proposals: participants their own, operators and analysts everybody's."""
    person = participant_id
    if not may_read_all(caller):
        person = user_or_self(caller, participant_id, field="participant_id")
        require_may_read(caller, person)
    found = list_proposals(services.database, proposer_id=person, status=status)
    return Proposals(
        n_pending=sum(one.status == "pending" for one in found),
        proposals=[ProposalRow.of(one, whole=may_read_all(caller)) for one in found],
    )


@router.post(
    "/{proposal_id}/decision",
    summary="Accept or decline a proposed guideline",
    openapi_extra=json_body(PostedDecision),
)
def decide(
    services: Provided,
    caller: Calling,
    proposal_id: Annotated[
        str, Path(max_length=100, description="Its id.", examples=["0f1e2d3c4b5a6978"])
    ],
    posted: Annotated[PostedDecision, Depends(_posted_decision)],
) -> ProposalRow:
    """Make it a guideline that people can rate, or say why not; repeating it changes nothing.

    An accepted one that is declined later is taken out; its ratings are kept and do not count.
    """
    try:
        decided = decide_proposal(
            services.database,
            proposal_id,
            posted.decision,
            reason=posted.reason,
            decided_by=caller.shown,
            change_mind=posted.change_mind,
            now=services.now(),
        )
    except UnknownProposalError:
        raise ProblemError("not-found", "There is no such proposal.") from None
    except ProposalDecidedError as error:
        raise ProblemError(
            "proposal-decided",
            f"{error} Send change_mind to decide otherwise.",
            current=ProposalRow.of(error.current, whole=True).model_dump(mode="json"),
        ) from None
    except DuplicateProposalError as error:
        raise ProblemError("duplicate-text", str(error)) from None
    except InvalidProposalError as error:
        raise _invalid("reason", error) from None
    return ProposalRow.of(decided, whole=True)


def _invalid(field: str, error: InvalidProposalError) -> ProblemError:
    return ProblemError(
        "invalid-value", str(error), [FieldError(field=field, message="cannot be accepted")]
    )
