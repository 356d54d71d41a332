"""Reports in plain words, for pages: what they are about, and what is still to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app_api.reports.shown_text import shown_line
from labelaudit_dagster.auditing.reports import AuditReport
from labelaudit_dagster.auditing.views.topic_words import has_words, topic_words
from labelaudit_dagster.store import StoredReport

TOPIC_PREFIX: Final = "Topic: "
_STILL_NEEDED: Final = {
    "evidence": "at least one comment as evidence",
    "text_entry": "what is wrong, in your words",
    "sep_selection": "the kind of harm",
}
_FINDINGS: Final = {
    "System is under-sensitive": "lets pass what it should not",
    "System is over-sensitive": "flags what is fine",
    "Show errors and non-errors": "shows errors beside what is right",
}
_DECISIONS: Final = {"Toxic": "flags it", "Non-toxic": "lets it pass"}


def decision_words(said: str) -> str:
    """Return a decision of a row of evidence for a scale of anything, not of toxicity alone."""
    return _DECISIONS.get(said, said) or "not known"


@dataclass(frozen=True)
class ReportCard:
    """A report in a list.

    Attributes:
        report_id: Its id.
        title: What it is about, never empty.
        model: The model that it is written with.
        version: Its newest version.
        finding: How the system errs, "" until chosen.
        n_evidence: Comments of its evidence.
        missing: What is still to be filled in, in words; empty for a complete one.
        saved_at: When it was saved.
    """

    report_id: str
    title: str
    model: str
    version: int
    finding: str
    n_evidence: int
    missing: list[str]
    saved_at: datetime

    @classmethod
    def of(cls, stored: StoredReport) -> ReportCard:
        """Return the card of a report."""
        report = AuditReport.from_document(stored.document)
        return cls(
            report_id=stored.report_id,
            title=title_words(report.title),
            model=stored.model,
            version=stored.version,
            finding=_FINDINGS.get(report.error_type, shown_line(report.error_type)),
            n_evidence=len(report.evidence),
            missing=still_needed(report.missing()),
            saved_at=stored.saved_at,
        )


def title_words(title: str) -> str:
    """Return a title to be shown: one line, a topic by its words, never empty."""
    topic = topic_of(title)
    if topic is not None:
        return f"Topic: {shown_topic(topic)}"
    return shown_line(title) or "Report without a title"


def topic_of(title: str) -> str | None:
    """Return the topic that a title names in the way of the drafts, or None."""
    name = title.removeprefix(TOPIC_PREFIX)
    return name if name != title and has_words(name) else None


def shown_topic(topic: str) -> str:
    """Return a topic by its words, or another name on one line."""
    return topic_words(topic) if has_words(topic) else shown_line(topic)


def still_needed(missing: Sequence[str]) -> list[str]:
    """Return the fields that a report misses, in words."""
    return [_STILL_NEEDED.get(name, name) for name in missing]
