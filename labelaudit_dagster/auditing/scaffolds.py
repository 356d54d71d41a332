"""First drafts of reports: what a person may want to look into, by several methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.views.decisions import OVER, UNDER, Ratings, error_codes
from labelaudit_dagster.auditing.views.error_filter import (
    AGREEMENT,
    OVER_SENSITIVE,
    UNDER_SENSITIVE,
)
from labelaudit_dagster.auditing.views.errors import AuditViewError
from labelaudit_dagster.auditing.views.topic_lists import largest_topics

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.views.audit_table import AuditTable
    from labelaudit_dagster.auditing.views.topic_index import TopicMethod

PERSONAL_SCAFFOLDS: Final = ("personal", "personal_group", "personal_test")
TOPIC_METHODS: Final = ("fp_fn", "median", "mean", "mae", "mse", "avg_diff")
EACH_WAY: Final = 5
"""So many topics are proposed for each direction of error."""

FIXED_ERROR_TYPES: Final = (
    UNDER_SENSITIVE,
    OVER_SENSITIVE,
    UNDER_SENSITIVE,
    OVER_SENSITIVE,
    UNDER_SENSITIVE,
)
PROMPTS: Final = (
    (
        "Which words that your own community uses does the system wrongly flag as toxic?",
        OVER_SENSITIVE,
    ),
    (
        "Which words used in your community, or about it, does the system wrongly let pass?",
        UNDER_SENSITIVE,
    ),
    ("How do people from outside target your community, and does the system notice it?", ""),
    (
        "Which other communities ought to be treated like yours, and does the system treat"
        " them so?",
        "",
    ),
    (
        "How do people dodge automated moderation elsewhere, and do these ways work here?",
        "",
    ),
)


@dataclass(frozen=True)
class ReportDraft:
    """A report that nobody has worked on yet; the fields are those of a saved one.

    Attributes:
        title: "Topic: <topic>", a question, or "".
        error_type: "System is under-sensitive", "System is over-sensitive",
            "Show errors and non-errors", or "".
        evidence: rows of comments.
        text_entry: what the person writes.
        sep_selection: the kind of harm, "" until chosen.
        complete_status: whether the person says that it is done.
    """

    title: str = ""
    error_type: str = ""
    evidence: tuple[dict[str, Any], ...] = field(default=())
    text_entry: str = ""
    sep_selection: str = ""
    complete_status: bool = False

    def to_document(self) -> dict[str, Any]:
        """Return the report as the compatible routes write it."""
        return {
            "title": self.title,
            "error_type": self.error_type,
            "evidence": list(self.evidence),
            "text_entry": self.text_entry,
            "sep_selection": self.sep_selection,
            "complete_status": self.complete_status,
        }


def scaffold(
    method: str | None,
    table: AuditTable,
    you: Ratings | None,
    *,
    topic_method: str | None = None,
    fixed_topics: Sequence[str] = (),
    tutorial_topic: str | None = None,
    seed: int = 0,
) -> list[ReportDraft]:
    """Draft reports; the list is never empty.

    Args:
        method: "fixed" (five configured topics, else the largest), "tutorial" (one),
            "prompts" (five questions), "personal", "personal_group" or "personal_test" (topics
            where the model and the system differ most); anything else gives one empty report.
        table: the corpus.
        you: predicted ratings aligned to the table and in its units; without them a personal
            scaffold is one empty report.
        topic_method: how topics are compared in a personal scaffold, see `personal_scaffold`;
            None means "fp_fn".
        fixed_topics: the configured topics of "fixed"; names that the corpus lacks are left
            out, and where none is left the largest topics stand in.
        tutorial_topic: likewise for "tutorial".
        seed: of the order of a personal scaffold by "fp_fn".

    Raises:
        AuditViewError: a personal scaffold by an unknown topic method.
    """
    drafts: list[ReportDraft] = []
    if method == "fixed":
        known = [topic for topic in fixed_topics if topic in table.topics.position]
        topics = known or largest_topics(table.topics, len(FIXED_ERROR_TYPES))
        drafts = [
            _topic_draft(topic, error_type)
            for topic, error_type in zip(topics, FIXED_ERROR_TYPES, strict=False)
        ]
    elif method == "tutorial":
        known = [topic for topic in (tutorial_topic,) if topic in table.topics.position]
        drafts = [
            _topic_draft(topic, OVER_SENSITIVE)
            for topic in known or largest_topics(table.topics, 1)
            if topic is not None
        ]
    elif method == "prompts":
        drafts = [ReportDraft(title, error_type) for title, error_type in PROMPTS]
    elif method in PERSONAL_SCAFFOLDS and you is not None:
        drafts = personal_scaffold(table, you, topic_method=topic_method or "fp_fn", seed=seed)
    return drafts or [ReportDraft()]


def personal_scaffold(
    table: AuditTable, you: Ratings, *, topic_method: str = "fp_fn", seed: int = 0
) -> list[ReportDraft]:
    """Draft up to ten reports about topics where a model and the system differ.

    Topics have numbers from 0 to 199. Of equal ones the topic with more comments comes first,
    then the lower number.

    Args:
        table: the corpus.
        you: predicted ratings aligned to the table and in its units.
        topic_method: "fp_fn": the five topics with the largest share of comments that the
            person finds positive and the system does not, and the five with the largest share of
            the reverse, in a seeded random order (a topic can occur twice); "median", "mean":
            the five topics each way whose aggregates lie on different sides of the threshold
            and farthest apart; "mae", "mse", "avg_diff": the ten topics with the largest
            such difference (of the last, its absolute value), with the error type that the
            means of the topic show.
        seed: of the random order.

    Raises:
        AuditViewError: another method.
    """
    if topic_method not in TOPIC_METHODS:
        raise AuditViewError(
            f"Topics are compared by {', '.join(TOPIC_METHODS)}, not by {topic_method!r}."
        )
    topics = table.topics
    places = topics.shown(with_outliers=False)
    n = topics.counts[places]
    if topic_method == "fp_fn":
        codes = error_codes(you, table.system, table.scale)
        missed, flagged = (topics.sums(codes == code)[places] / n for code in (UNDER, OVER))
        drafts = _each_way(table, places, missed, flagged)
        order = np.random.default_rng(seed).permutation(len(drafts))
        return [drafts[place] for place in order.tolist()]
    if topic_method in _AGGREGATES:
        aggregate = _AGGREGATES[topic_method]
        own = topics.aggregate(you, aggregate)[places]
        system = table.system_by_topic(aggregate)[places]
        codes = error_codes(own, system, table.scale)
        apart = np.abs(own - system)
        missed, flagged = (np.where(codes == code, apart, 0.0) for code in (UNDER, OVER))
        return _each_way(table, places, missed, flagged)
    gap = np.asarray(you, dtype=np.float64) - table.system
    size = {"mae": np.abs(gap), "mse": gap**2, "avg_diff": gap}[topic_method]
    error = np.abs(topics.sums(size)[places] / n)
    own, system = topics.aggregate(you, "mean")[places], table.system_by_topic("mean")[places]
    types = [_REPORT_TYPES.get(code, AGREEMENT) for code in error_codes(own, system, table.scale)]
    return [
        _topic_draft(topics.names[places[place]], types[place])
        for place in _largest_first(error, n)[: 2 * EACH_WAY].tolist()
    ]


_AGGREGATES: Final[dict[str, TopicMethod]] = {"median": "median", "mean": "mean"}
_REPORT_TYPES: Final = {UNDER: UNDER_SENSITIVE, OVER: OVER_SENSITIVE}


def _each_way(
    table: AuditTable,
    places: NDArray[np.int64],
    missed: NDArray[np.float64],
    flagged: NDArray[np.float64],
) -> list[ReportDraft]:
    """Draft reports for the largest magnitudes above zero, five for each direction."""
    drafts = []
    for magnitude, error_type in ((missed, UNDER_SENSITIVE), (flagged, OVER_SENSITIVE)):
        for place in _largest_first(magnitude, table.topics.counts[places])[:EACH_WAY].tolist():
            if magnitude[place] > 0:
                drafts.append(_topic_draft(table.topics.names[places[place]], error_type))
    return drafts


def _largest_first(
    magnitude: NDArray[np.float64], n_comments: NDArray[np.int64]
) -> NDArray[np.int64]:
    # lexsort is stable, so that what is still equal stays in the order of topic numbers.
    return np.lexsort((-n_comments, -magnitude)).astype(np.int64)


def _topic_draft(topic: str, error_type: str) -> ReportDraft:
    return ReportDraft(f"Topic: {topic}", error_type)
