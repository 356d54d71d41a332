"""What the first page tells of the community: its constitution, its corpus, who audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app_api.constitutions import ConstitutionReader
from app_api.services import Services
from labelaudit_dagster.store import count_ratings, ratings_since

_SHOWN: Final = 3
"""Accepted guidelines on the first page: those with the highest consensus scores."""


@dataclass(frozen=True)
class ConstitutionState:
    """The current constitution in a few figures.

    Attributes:
        created_at: When it was computed.
        n_raters: People whose ratings decided.
        n_ratings: Their ratings.
        n_guidelines: Guidelines that were rated.
        n_accepted: Those that were accepted.
        best: Texts of a few accepted ones.
        newer_ratings: Ratings that came later; None where that is not known.
    """

    created_at: datetime
    n_raters: int
    n_ratings: int
    n_guidelines: int
    n_accepted: int
    best: tuple[str, ...]
    newer_ratings: int | None


@dataclass(frozen=True)
class CommunityState:
    """What there is.

    Attributes:
        constitution: The current one; None before the first.
        n_guidelines: Guidelines that can be rated now.
        n_ratings: Their ratings now.
    """

    constitution: ConstitutionState | None
    n_guidelines: int
    n_ratings: int


@dataclass(frozen=True)
class AuditState:
    """What can be audited.

    Attributes:
        n_comments: Comments of the corpus.
        n_crowd: People of the crowd that rated them.
        n_audits: People with an audit of their own.
    """

    n_comments: int
    n_crowd: int
    n_audits: int


def community_state(services: Services) -> CommunityState:
    """Return the state of guidelines, ratings and constitution.

    Raises:
        ArtifactError: The constitution cannot be read.
        StoreError: The database failed.
    """
    counts = count_ratings(services.database)
    return CommunityState(_constitution(services), len(counts), sum(counts.values()))


def audit_state(services: Services) -> AuditState | None:
    """Return what can be audited, None where nothing is prepared; it reads no table.

    Raises:
        ArtifactError: The artifact store cannot be read.
    """
    store = services.artifacts
    comments, raters = store.current("comments"), store.current("raters")
    if comments is None or store.current("comment_model") is None:
        return None
    crowd = None if raters is None else store.manifest(raters).row_count
    return AuditState(
        n_comments=store.manifest(comments).row_count or 0,
        n_crowd=crowd or 0,
        n_audits=len(services.audit.users()),
    )


def _constitution(services: Services) -> ConstitutionState | None:
    store = services.artifacts
    view = ConstitutionReader(store, services.audit.cache).current_or_none()
    if view is None:
        return None
    document = view.document
    rows: list[dict[str, Any]] = [view.by_id[key] for key in document["accepted"]]
    rows.sort(key=lambda row: (-(row["consensus_score"] or 0.0), row["guideline_id"]))
    snapshot = store.manifest(store.resolve_upstream(view.ref, "ratings_export"))
    sequence = snapshot.extra.get("database_change")
    return ConstitutionState(
        created_at=store.manifest(view.ref).created_at,
        n_raters=document["n_raters"],
        n_ratings=document["n_ratings"],
        n_guidelines=document["n_guidelines"],
        n_accepted=len(rows),
        best=tuple(row["text"] for row in rows[:_SHOWN]),
        newer_ratings=None if sequence is None else ratings_since(services.database, int(sequence)),
    )
