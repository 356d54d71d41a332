"""Everything that the database holds about a person, for them to take away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, FromClause, RowMapping, Select, Table, and_, func, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.access_schema import invitations, sessions
from labelaudit_dagster.store.audit_schema import (
    labels,
    models,
    report_versions,
    reports,
    submissions,
    trainings,
)
from labelaudit_dagster.store.corpus_schema import comments
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.demographics import is_about
from labelaudit_dagster.store.participation_schema import (
    consents,
    proposal_decisions,
    proposals,
    rating_tags,
    rating_withdrawals,
)
from labelaudit_dagster.store.payloads import read_payload
from labelaudit_dagster.store.person_rows import PersonKeys, find_person
from labelaudit_dagster.store.schema import (
    guideline_versions,
    guidelines,
    participant_versions,
    participants,
    quarantine,
    ratings,
    received_demographics,
    tokens,
)

_INTERNAL = frozenset(
    {
        "corpus_key",
        "ended_change",
        "label_hash",
        "model_key",
        "participant_key",
        "recorded_change",
        "report_key",
        "secret_hash",
        "user_key",
    }
)
"""Columns that say nothing about a person: our own numbers, and hashes."""


def export_person(db: Database, user_id: str) -> dict[str, Any]:
    """Return what is stored about a person: one strict JSON document.

    It has every row that `forget_person` would delete, superseded and deleted ones too, with
    the texts that labels and ratings are about. Times are ISO 8601 in UTC.

    Args:
        db: The database.
        user_id: The id that they go by, as user and as participant.

    Returns:
        Lists by name: labels, models, trainings, reports, submissions, guideline_ratings,
        authored_guidelines, rating_tags, withdrawn_ratings, proposals, consents,
        participant_attributes, quarantined, demographics, tokens,
        invitations and sessions; all are empty for who is unknown. And `user_id`.

    Raises:
        StoreError: The database failed.
    """
    with db.read() as connection:
        person = find_person(connection, user_id)
        found = {
            **_audit(connection, person),
            **_community(connection, person, user_id),
            **_participation(connection, user_id),
            "demographics": _demographics(connection, user_id),
            "tokens": _rows(connection, select(tokens).where(tokens.c.subject == user_id)),
            "invitations": _rows(
                connection, select(invitations).where(invitations.c.subject == user_id)
            ),
            "sessions": _rows(connection, select(sessions).where(sessions.c.subject == user_id)),
        }
    return {"user_id": user_id, **found}


def _audit(connection: Connection, person: PersonKeys) -> dict[str, list[dict[str, Any]]]:
    of_model = models.c.model_key.in_(person.models)
    later = comments.alias()
    newest = (
        select(func.max(later.c.recorded_change))
        .where(later.c.item_id == labels.c.item_id, later.c.corpus_key == labels.c.corpus_key)
        .scalar_subquery()
    )
    return {
        "models": _rows(connection, select(models).where(of_model).order_by(models.c.name)),
        "labels": _rows(
            connection,
            select(labels, models.c.name.label("model"), comments.c.source_item_id, comments.c.text)
            .select_from(
                labels.join(models).outerjoin(
                    comments,
                    and_(
                        comments.c.item_id == labels.c.item_id,
                        comments.c.corpus_key == labels.c.corpus_key,
                        comments.c.recorded_change == newest,
                    ),
                )
            )
            .where(of_model)
            .order_by(labels.c.sequence),
        ),
        "trainings": _rows(
            connection,
            select(trainings, models.c.name.label("model"))
            .select_from(trainings.join(models))
            .where(of_model)
            .order_by(models.c.name, trainings.c.version),
        ),
        "reports": _rows(
            connection,
            select(report_versions, reports.c.report_id, reports.c.model, reports.c.created_at)
            .select_from(report_versions.join(reports))
            .where(reports.c.report_key.in_(person.reports))
            .order_by(reports.c.report_key, report_versions.c.version),
        ),
        "submissions": _rows(
            connection,
            select(submissions)
            .where(submissions.c.user_key == (-1 if person.user is None else person.user))
            .order_by(submissions.c.sequence),
        ),
    }


def _community(
    connection: Connection, person: PersonKeys, user_id: str
) -> dict[str, list[dict[str, Any]]]:
    of_person = participants.c.participant_key.in_(person.participants)
    later = guideline_versions.alias()
    newest = (
        select(func.max(later.c.recorded_change))
        .where(later.c.guideline_key == guidelines.c.guideline_key)
        .scalar_subquery()
    )
    texts = guidelines.join(
        guideline_versions,
        and_(
            guideline_versions.c.guideline_key == guidelines.c.guideline_key,
            guideline_versions.c.recorded_change == newest,
        ),
    )
    quarantined = [
        select(quarantine.c.table_name, quarantine.c.reason, quarantine.c.raw).where(
            quarantine.c.source_key == source_key, quarantine.c.position == position
        )
        for source_key, position in person.quarantined
    ]
    return {
        "rating_tags": _beside_ratings(connection, person, texts, rating_tags, rating_tags.c.tags),
        "withdrawn_ratings": _beside_ratings(
            connection, person, texts, rating_withdrawals, rating_withdrawals.c.withdrawn_at
        ),
        "guideline_ratings": _rows(
            connection,
            select(
                guidelines.c.guideline_id,
                guideline_versions.c.text,
                ratings.c.helpful,
                ratings.c.rated_at,
                ratings.c.ended_change.is_(None).label("is_current"),
            )
            .select_from(ratings.join(texts, guidelines.c.guideline_key == ratings.c.guideline_key))
            .where(ratings.c.participant_key.in_(person.participants))
            .order_by(guidelines.c.guideline_key, ratings.c.recorded_change),
        ),
        "authored_guidelines": _rows(
            connection,
            select(
                guidelines.c.guideline_id,
                guideline_versions.c.text,
                guideline_versions.c.created_at,
            )
            .select_from(guidelines.join(guideline_versions))
            .where(guideline_versions.c.author_id == user_id)
            .order_by(guidelines.c.guideline_key, guideline_versions.c.recorded_change),
        ),
        "participant_attributes": _rows(
            connection,
            select(participants.c.participant_id, participant_versions.c.demographics)
            .select_from(participants.join(participant_versions))
            .where(of_person)
            .order_by(participants.c.participant_key, participant_versions.c.recorded_change),
        ),
        "quarantined": [row for query in quarantined for row in _rows(connection, query)],
    }


def _beside_ratings(
    connection: Connection,
    person: PersonKeys,
    texts: FromClause,
    table: Table,
    content: Column[Any],
) -> list[dict[str, Any]]:
    """Return what stands beside the person's ratings, superseded rows too."""
    return _rows(
        connection,
        select(
            guidelines.c.guideline_id,
            guideline_versions.c.text,
            content,
            table.c.ended_change.is_(None).label("is_current"),
        )
        .select_from(table.join(texts, guidelines.c.guideline_key == table.c.guideline_key))
        .where(table.c.participant_key.in_(person.participants))
        .order_by(guidelines.c.guideline_key, table.c.recorded_change),
    )


def _participation(connection: Connection, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return what the person proposed and agreed to, with the text of it."""
    return {
        "proposals": _rows(
            connection,
            select(
                proposals.c.proposal_id,
                proposals.c.text,
                proposals.c.topic_id,
                proposals.c.proposed_at,
                proposal_decisions.c.decision,
                proposal_decisions.c.reason,
                proposal_decisions.c.decided_at,
                proposal_decisions.c.ended_change.is_(None).label("is_current"),
            )
            .select_from(proposals.outerjoin(proposal_decisions))
            .where(proposals.c.proposer_id == user_id)
            .order_by(proposals.c.proposal_key, proposal_decisions.c.recorded_change),
        ),
        "consents": [
            {
                "given_at": row.given_at.isoformat(),
                "text_version": row.text_version,
                "text": read_payload(connection, row.payload_hash)["text"],
            }
            for row in connection.execute(
                select(consents)
                .where(consents.c.participant_id == user_id)
                .order_by(consents.c.sequence)
            )
        ],
    }


def _demographics(connection: Connection, user_id: str) -> list[dict[str, Any]]:
    table = received_demographics.c
    query = select(table.study_id, table.received_at, table.rows).order_by(table.sequence)
    return [
        {"study_id": study_id, "received_at": received_at.isoformat(), "row": row}
        for study_id, received_at, rows in connection.execute(query)
        for row in rows
        if is_about(row, user_id)
    ]


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [_plain(row) for row in connection.execute(query).mappings()]


def _plain(row: RowMapping) -> dict[str, Any]:
    return {
        # SQLAlchemy's names may be of a class of their own, which strict writers of JSON refuse.
        str(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in _INTERNAL
    }
