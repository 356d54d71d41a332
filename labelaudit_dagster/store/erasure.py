"""Forgetting a person: everything that the database holds about them is deleted.

`docs/database.md` says what stays, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.access_schema import invitations, sessions
from labelaudit_dagster.store.audit_schema import (
    erasures,
    labels,
    models,
    report_versions,
    reports,
    submissions,
    trainings,
    users,
)
from labelaudit_dagster.store.changes import add_change
from labelaudit_dagster.store.comment_lookup import chunks
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.demographics import overwrite_what_is_deleted, remove_rows
from labelaudit_dagster.store.labels import last_sequence
from labelaudit_dagster.store.participation_schema import (
    consents,
    proposal_decisions,
    proposals,
    rating_tags,
    rating_withdrawals,
)
from labelaudit_dagster.store.person_rows import PersonKeys, find_person
from labelaudit_dagster.store.schema import (
    guideline_versions,
    participant_versions,
    participants,
    quarantine,
    ratings,
    tokens,
)
from labelaudit_dagster.store.schema_base import changes

_KINDS_ABOUT_PEOPLE = (
    "rating_added",
    "labels_added",
    "model_added",
    "model_trained",
    "report_saved",
    "reports_saved",
    "report_deleted",
    "submission_recorded",
    "rating_tagged",
    "rating_withdrawn",
    "guideline_proposed",
    "consent_given",
)
"""Kinds of changes whose subject is a person's id."""


@dataclass(frozen=True)
class ForgottenCounts:
    """How many rows about a person were deleted, or had the person's id taken out of them.

    Attributes:
        labels: Labels, superseded ones too.
        models: Models.
        trainings: Versions of models.
        reports: Reports.
        report_versions: Versions of reports, of deleted ones too.
        submissions: Receipts of reports that were sent.
        ratings: Ratings of guidelines, superseded ones too.
        withdrawals: That ratings were taken back.
        rating_tags: Tags beside ratings, superseded ones too.
        proposals: Proposals of guidelines; of accepted ones the name alone is taken out.
        consents: That they agreed to take part.
        participants: Entries among the participants, one for each source.
        authored: Versions of guidelines that no longer name the person as their author.
        quarantined: Rows in quarantine.
        demographics: Rows of demographics, in every content that was received.
        tokens: Access tokens.
        invitations: Invitations.
        sessions: Sessions.
        log_entries: Entries of the log of changes that no longer name the person.
    """

    labels: int = 0
    models: int = 0
    trainings: int = 0
    reports: int = 0
    report_versions: int = 0
    submissions: int = 0
    ratings: int = 0
    withdrawals: int = 0
    rating_tags: int = 0
    proposals: int = 0
    consents: int = 0
    participants: int = 0
    authored: int = 0
    quarantined: int = 0
    demographics: int = 0
    tokens: int = 0
    invitations: int = 0
    sessions: int = 0
    log_entries: int = 0

    @property
    def total(self) -> int:
        """All rows together; 0 where nothing was known of the person."""
        return sum(asdict(self).values())


def forget_person(db: Database, user_id: str, now: datetime) -> ForgottenCounts:
    """Delete for good what the database holds about a person, in one transaction.

    Doing it again finds nothing and stores nothing. Numbers of changes and of labels are never
    used again. SQLite overwrites what is deleted.

    Args:
        db: The database.
        user_id: The id that they go by, as user and as participant.
        now: The time, with a zone.

    Raises:
        StoreError: The database failed; nothing was deleted.
    """
    with db.write() as connection:
        overwrite_what_is_deleted(connection)
        newest_label = last_sequence(connection)
        person = find_person(connection, user_id)
        ended = _count_current_ratings(connection, person)
        is_participant = bool(person.participants)
        counts = ForgottenCounts(
            **_delete_audit(connection, person),
            **_delete_participant(connection, person, user_id),
            **_delete_access(connection, user_id),
            demographics=remove_rows(connection, participant_id=user_id),
            log_entries=_blank_log(connection, user_id),
        )
        if person.user is not None:
            _delete(connection, users, users.c.user_key == person.user)
        if not counts.total and person.user is None:
            return counts
        change = add_change(
            connection,
            "person_forgotten",
            now=now,
            alters_community=is_participant or bool(counts.authored or counts.demographics),
            ratings_ended=ended,
        )
        sequence = 1 + (connection.scalar(select(func.max(erasures.c.sequence))) or 0)
        connection.execute(
            erasures.insert().values(
                sequence=sequence,
                counts=asdict(counts),
                last_label=newest_label,
                forgotten_at=now,
                recorded_change=change,
            )
        )
    return counts


def _delete_audit(connection: Connection, person: PersonKeys) -> dict[str, int]:
    """Delete what the person wrote as an auditor, but for the user's own row."""
    of_user = person.user
    return {
        "labels": _delete_in(connection, labels, "model_key", person.models),
        "trainings": _delete_in(connection, trainings, "model_key", person.models),
        "models": _delete_in(connection, models, "model_key", person.models),
        "report_versions": _delete_in(connection, report_versions, "report_key", person.reports),
        "reports": _delete_in(connection, reports, "report_key", person.reports),
        "submissions": 0
        if of_user is None
        else _delete(connection, submissions, submissions.c.user_key == of_user),
    }


def _delete_participant(connection: Connection, person: PersonKeys, user_id: str) -> dict[str, int]:
    """Delete the person as a participant; guidelines that they proposed lose their author."""
    keys = person.participants
    rated = {
        name: _delete_in(connection, table, "participant_key", keys)
        for name, table in (
            ("ratings", ratings),
            ("withdrawals", rating_withdrawals),
            ("rating_tags", rating_tags),
        )
    }
    _delete_in(connection, participant_versions, "participant_key", keys)
    authored = connection.execute(
        guideline_versions.update()
        .where(guideline_versions.c.author_id == user_id)
        .values(author_id=None)
    ).rowcount
    for source_key, position in person.quarantined:
        _delete(
            connection,
            quarantine,
            and_(quarantine.c.source_key == source_key, quarantine.c.position == position),
        )
    return {
        **rated,
        "proposals": _delete_proposals(connection, user_id),
        "consents": _delete(connection, consents, consents.c.participant_id == user_id),
        "participants": _delete_in(connection, participants, "participant_key", keys),
        "authored": authored,
        "quarantined": len(person.quarantined),
    }


def _delete_proposals(connection: Connection, user_id: str) -> int:
    """Delete what the person proposed; what became a guideline, now or once, loses their name."""
    own = proposals.c.proposer_id == user_id
    keys = connection.scalars(select(proposals.c.proposal_key).where(own)).all()
    became = frozenset(
        connection.scalars(
            select(proposal_decisions.c.proposal_key).where(
                proposal_decisions.c.guideline_key.is_not(None)
            )
        )
    )
    gone = [key for key in keys if key not in became]
    _delete_in(connection, proposal_decisions, "proposal_key", gone)
    _delete_in(connection, proposals, "proposal_key", gone)
    connection.execute(proposals.update().where(own).values(proposer_id=None))
    return len(keys)


def _delete_access(connection: Connection, user_id: str) -> dict[str, int]:
    """Delete the person's ways in; sessions go before the invitations that they came from."""
    own = select(invitations.c.invitation_id).where(invitations.c.subject == user_id)
    return {
        "tokens": _delete(connection, tokens, tokens.c.subject == user_id),
        "sessions": _delete(
            connection,
            sessions,
            or_(sessions.c.subject == user_id, sessions.c.invitation_id.in_(own)),
        ),
        "invitations": _delete(connection, invitations, invitations.c.subject == user_id),
    }


def _blank_log(connection: Connection, user_id: str) -> int:
    return connection.execute(
        changes.update()
        .where(changes.c.subject == user_id, changes.c.kind.in_(_KINDS_ABOUT_PEOPLE))
        .values(subject=None)
    ).rowcount


def _count_current_ratings(connection: Connection, person: PersonKeys) -> int:
    query = (
        select(func.count())
        .select_from(ratings)
        .where(ratings.c.participant_key.in_(person.participants), ratings.c.ended_change.is_(None))
    )
    return connection.scalar(query) or 0


def _delete_in(connection: Connection, table: Table, key: str, keys: Sequence[int]) -> int:
    return sum(_delete(connection, table, table.c[key].in_(chunk)) for chunk in chunks(keys))


def _delete(connection: Connection, table: Table, chosen: ColumnElement[bool]) -> int:
    deleted: Any = connection.execute(table.delete().where(chosen))
    return int(deleted.rowcount)
