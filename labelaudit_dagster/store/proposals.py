"""Guidelines that people propose, and what operators decide on them.

An accepted proposal is a guideline of this home beside those of the imported source: it belongs to
a source of its own, of the kind `here`, so that no import of another one touches it, and its id is
random, so that no source has it.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Select, and_, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.errors import (
    DuplicateProposalError,
    InvalidProposalError,
    ProposalDecidedError,
    ProposalLimitError,
    UnknownProposalError,
)
from labelaudit_dagster.store.participation_schema import proposal_decisions as decisions
from labelaudit_dagster.store.participation_schema import proposals
from labelaudit_dagster.store.schema import guideline_versions, guidelines, sources, topics
from labelaudit_dagster.store.sources import HERE
from labelaudit_dagster.store.users import check_name

ProposalStatus = Literal["pending", "accepted", "declined"]
Decision = Literal["accepted", "declined"]

SHORTEST_PROPOSAL: Final = 5
LONGEST_PROPOSAL: Final = 300
"""Bounds of a proposed text, in characters."""

LONGEST_REASON: Final = 1_000
"""Most characters of the reason for a decision."""

PROPOSALS_A_DAY: Final = 10
"""Most proposals of one person within 24 hours."""

_DAY = timedelta(hours=24)
_ID_BYTES = 8
# Characters that turn what stands around them, which a proposal could use to look like another.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Proposal:
    """A proposed guideline, and what became of it.

    Attributes:
        proposal_id: Its id.
        proposer_id: Who proposed it; None after the person was forgotten.
        text: What was proposed.
        topic_id: The topic that it was proposed for, if any.
        proposed_at: When, in UTC.
        status: `pending` until somebody decides.
        reason: Why it was decided so, for the proposer to read; None where nothing was said.
        decided_by: Who decided, as tokens and sessions are named.
        decided_at: When; None while it waits.
        guideline_id: The guideline that it became; None unless it is accepted.
        is_new: Whether the call that returned it stored something.
    """

    proposal_id: str
    proposer_id: str | None
    text: str
    topic_id: str | None
    proposed_at: datetime
    status: ProposalStatus
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    guideline_id: str | None
    is_new: bool = field(default=False, compare=False)


def add_proposal(
    db: Database,
    proposer_id: str,
    text: str,
    *,
    topic_id: str | None = None,
    most_a_day: int = PROPOSALS_A_DAY,
    now: datetime,
) -> Proposal:
    """Store a proposal durably; it waits for an operator.

    White space is collapsed. Proposing again what one has waiting stores nothing.

    Args:
        db: The database.
        proposer_id: Who proposes, not empty.
        text: A guideline in one sentence or two.
        topic_id: A current topic that it belongs to, if any.
        most_a_day: Most proposals of a person within 24 hours.
        now: The time, with a zone.

    Raises:
        InvalidProposalError: The text cannot be a guideline, or there is no such topic.
        DuplicateProposalError: There is a guideline, or somebody's waiting proposal, of this text.
        ProposalLimitError: The person has proposed as much as they may.
        InvalidNameError: The proposer's id cannot be kept.
        StoreError: The database failed; nothing was stored.
    """
    check_name(proposer_id, "The id of a participant")
    wording = _checked(text)
    with db.write() as connection:
        if topic_id is not None:
            known = select(topics.c.topic_id).where(
                topics.c.topic_id == topic_id, topics.c.ended_change.is_(None)
            )
            if connection.scalar(known) is None:
                raise InvalidProposalError("There is no such topic any more; choose another.")
        _refuse_existing(connection, wording)
        for waiting in connection.execute(_query().where(decisions.c.decision.is_(None))):
            if same_text(waiting.text) == same_text(wording):
                if waiting.proposer_id == proposer_id:
                    return _proposal(waiting)
                raise DuplicateProposalError(
                    "Somebody has proposed the same; it waits for a decision.", None
                )
        _refuse_too_many(connection, proposer_id, most_a_day, now)
        change = add_change(connection, "guideline_proposed", now=now, subject=proposer_id)
        key = 1 + (connection.scalar(select(func.max(proposals.c.proposal_key))) or 0)
        proposal_id = secrets.token_hex(_ID_BYTES)
        connection.execute(
            proposals.insert().values(
                proposal_key=key,
                proposal_id=proposal_id,
                proposer_id=proposer_id,
                text=wording,
                topic_id=topic_id,
                proposed_at=now,
                recorded_change=change,
            )
        )
        return _proposal(_find(connection, proposal_id), is_new=True)


def list_proposals(
    db: Database, *, proposer_id: str | None = None, status: ProposalStatus | None = None
) -> list[Proposal]:
    """Return proposals, those that wait first and then the newest decisions.

    Args:
        db: The database.
        proposer_id: Only of this person; None for everybody's.
        status: Only of this status.

    Raises:
        StoreError: The database failed.
    """
    query = _query()
    if proposer_id is not None:
        query = query.where(proposals.c.proposer_id == proposer_id)
    if status is not None:
        decided = decisions.c.decision
        query = query.where(decided.is_(None) if status == "pending" else decided == status)
    with db.read() as connection:
        found = [_proposal(row) for row in connection.execute(query)]
    return [one for one in found if one.decided_at is None] + sorted(
        (one for one in found if one.decided_at is not None),
        key=lambda one: (one.decided_at, one.proposal_id),
        reverse=True,
    )


def decide_proposal(
    db: Database,
    proposal_id: str,
    decision: Decision,
    *,
    reason: str | None = None,
    decided_by: str | None = None,
    change_mind: bool = False,
    now: datetime,
) -> Proposal:
    """Accept or decline a proposal durably; repeating a decision stores nothing.

    What is accepted becomes a guideline that can be rated; its author is who proposed it. Where
    it is declined later, the guideline is gone; its ratings are kept and do not count.

    Args:
        db: The database.
        proposal_id: The proposal.
        decision: What to do with it.
        reason: Why, for the proposer to read; needed to decline.
        decided_by: Who decides.
        change_mind: Whether an earlier decision may be turned.
        now: The time, with a zone.

    Raises:
        UnknownProposalError: There is no such proposal.
        ProposalDecidedError: It was decided otherwise, and `change_mind` is false.
        InvalidProposalError: The reason is missing or too long.
        DuplicateProposalError: There is a guideline of this text by now.
        StoreError: The database failed; nothing was stored.
    """
    words = _checked_reason(reason, decision)
    with db.write() as connection:
        row = _find(connection, proposal_id)
        if row.decision == decision:
            return _proposal(row)
        if row.decision is not None and not change_mind:
            raise ProposalDecidedError(
                f"The proposal was {row.decision} meanwhile.", _proposal(row)
            )
        if decision == "accepted":
            _refuse_existing(connection, row.text)
        change = add_change(
            connection,
            "proposal_decided",
            now=now,
            subject=proposal_id,
            alters_community="accepted" in (decision, row.decision),
        )
        key = _guideline_key(connection, row, change=change, now=now) if decision == "accepted" \
            else row.guideline_key  # fmt: skip
        if row.decision == "accepted":
            connection.execute(
                guideline_versions.update()
                .where(
                    guideline_versions.c.guideline_key == key,
                    guideline_versions.c.ended_change.is_(None),
                )
                .values(ended_change=change)
            )
        connection.execute(
            decisions.update()
            .where(decisions.c.proposal_key == row.proposal_key, decisions.c.ended_change.is_(None))
            .values(ended_change=change)
        )
        connection.execute(
            decisions.insert().values(
                proposal_key=row.proposal_key,
                recorded_change=change,
                decision=decision,
                reason=words,
                decided_by=decided_by,
                decided_at=now,
                guideline_key=key,
            )
        )
        return _proposal(_find(connection, proposal_id), is_new=True)


def same_text(text: str) -> str:
    """Return what texts that differ in case, white space or composition only have in common."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(".!。 ")


def _checked(text: str) -> str:
    wording = " ".join(text.split())
    if not SHORTEST_PROPOSAL <= len(wording) <= LONGEST_PROPOSAL:
        raise InvalidProposalError(
            f"A guideline has {SHORTEST_PROPOSAL} to {LONGEST_PROPOSAL} characters; this one has "
            f"{len(wording)}."
        )
    if any(unicodedata.category(sign) in ("Cc", "Cs") or sign in _TURNING for sign in wording):
        raise InvalidProposalError("The text holds control characters; write it without them.")
    return wording


def _checked_reason(reason: str | None, decision: Decision) -> str | None:
    words = None if reason is None else reason.strip()
    if decision == "declined" and not words:
        raise InvalidProposalError("Say why it is declined; the proposer will read it.")
    if words is not None and len(words) > LONGEST_REASON:
        raise InvalidProposalError(f"A reason has at most {LONGEST_REASON:,} characters.")
    return words or None


def _refuse_existing(connection: Connection, wording: str) -> None:
    query = (
        select(guidelines.c.guideline_id, guideline_versions.c.text)
        .select_from(guideline_versions.join(guidelines))
        .where(guideline_versions.c.ended_change.is_(None))
    )
    wanted = same_text(wording)
    for guideline_id, text in connection.execute(query):
        if same_text(text) == wanted:
            raise DuplicateProposalError("There is a guideline of this text.", guideline_id)


def _refuse_too_many(
    connection: Connection, proposer_id: str, most_a_day: int, now: datetime
) -> None:
    query = (
        select(proposals.c.proposed_at)
        .where(proposals.c.proposer_id == proposer_id, proposals.c.proposed_at > now - _DAY)
        .order_by(proposals.c.proposed_at)
    )
    times = list(connection.scalars(query))
    if len(times) >= most_a_day:
        free = times[len(times) - most_a_day] + _DAY
        raise ProposalLimitError(
            f"You have proposed {len(times)} guidelines within a day; that is enough for now.",
            max(1, int((free - now).total_seconds())),
        )


def _guideline_key(connection: Connection, row: Any, *, change: int, now: datetime) -> int:
    """Make the proposal's guideline current and return its key."""
    key = row.guideline_key
    if key is None:
        key = 1 + (connection.scalar(select(func.max(guidelines.c.guideline_key))) or 0)
        connection.execute(
            guidelines.insert().values(
                guideline_key=key,
                source_key=_source_here(connection, change=change, now=now),
                guideline_id=f"proposal-{row.proposal_id}",
            )
        )
    connection.execute(
        guideline_versions.insert().values(
            guideline_key=key,
            recorded_change=change,
            topic_id=row.topic_id,
            text=row.text,
            author_id=row.proposer_id,
            created_at=row.proposed_at,
        )
    )
    return int(key)


def _source_here(connection: Connection, *, change: int, now: datetime) -> int:
    """Return the key of the source of what was accepted here, making it with the first one."""
    key = connection.scalar(select(sources.c.source_key).where(sources.c.kind == HERE))
    if key is None:
        key = 1 + (connection.scalar(select(func.max(sources.c.source_key))) or 0)
        connection.execute(
            sources.insert().values(
                source_key=key,
                kind=HERE,
                prefix="",
                fingerprint="",
                imported_at=now,
                counts={},
                warnings={},
                recorded_change=change,
            )
        )
    return key


def _find(connection: Connection, proposal_id: str) -> Any:
    row = connection.execute(_query().where(proposals.c.proposal_id == proposal_id)).first()
    if row is None:
        raise UnknownProposalError("There is no such proposal.")
    return row


def _query() -> Select[Any]:
    """Return proposals with their current decision, in the order in which they came."""
    return (
        select(
            proposals,
            decisions.c.decision,
            decisions.c.reason,
            decisions.c.decided_by,
            decisions.c.decided_at,
            decisions.c.guideline_key,
            guidelines.c.guideline_id,
        )
        .select_from(
            proposals.outerjoin(
                decisions,
                and_(
                    decisions.c.proposal_key == proposals.c.proposal_key,
                    decisions.c.ended_change.is_(None),
                ),
            ).outerjoin(guidelines, guidelines.c.guideline_key == decisions.c.guideline_key)
        )
        .order_by(proposals.c.proposal_key)
    )


def _proposal(row: Any, *, is_new: bool = False) -> Proposal:
    return Proposal(
        proposal_id=row.proposal_id,
        proposer_id=row.proposer_id,
        text=row.text,
        topic_id=row.topic_id,
        proposed_at=row.proposed_at,
        status=row.decision or "pending",
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        guideline_id=row.guideline_id if row.decision == "accepted" else None,
        is_new=is_new,
    )
