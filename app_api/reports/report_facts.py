"""What a report says, as texts and numbers that every form for people shows alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app_api.reports.shown_text import shown_line, shown_paragraphs
from labelaudit_dagster.auditing.reports import AuditReport, Evidence
from labelaudit_dagster.store import StoredReport

HIGHEST: Final = 4.0
"""Evidence is rated on 0 to 4, on whatever scale the corpus is."""

THRESHOLD: Final = 2.0

_FIELD_NAMES: Final = {
    "evidence": "evidence",
    "text_entry": "a description",
    "sep_selection": "the kind of harm",
}


@dataclass(frozen=True)
class EvidenceFacts:
    """A comment of the evidence.

    Attributes:
        number: 1, 2, …
        item_id: The comment, or None.
        paragraphs: Its text.
        topic: Its topic, "" if not known.
        categories: What the crowd called it, "" for nothing.
        system_rating: On 0 to 4, or None.
        system_decision: "" if not known.
        user_rating: What the person's model expects, or None.
        user_decision: "" if not known.
        error_type: How the two differ, "" if not known.
    """

    number: int
    item_id: int | None
    paragraphs: list[list[str]]
    topic: str
    categories: str
    system_rating: float | None
    system_decision: str
    user_rating: float | None
    user_decision: str
    error_type: str


@dataclass(frozen=True)
class ReportFacts:
    """A version of a report.

    Attributes:
        title: Never empty.
        facts: Names and values, in their order.
        paragraphs: What the person wrote.
        missing: What is to be filled in, in words.
        evidence: The comments.
        versions: Artifacts and their versions that the evidence was made from.
    """

    title: str
    facts: list[tuple[str, str]]
    paragraphs: list[list[str]]
    missing: list[str]
    evidence: list[EvidenceFacts]
    versions: list[tuple[str, str]]


def report_facts(stored: StoredReport) -> ReportFacts:
    """Return what is to be shown of a version of a report."""
    report = AuditReport.from_document(stored.document)
    missing = [_FIELD_NAMES[name] for name in report.missing()]
    facts = [
        ("Finding", shown_line(report.error_type) or "not chosen yet"),
        ("Kind of harm", shown_line(report.sep_selection) or "not chosen yet"),
        ("State", f"unfinished, still needs {_listed(missing)}" if missing else "complete"),
        ("Written by", shown_line(stored.user_id)),
        ("Personal model", shown_line(stored.model)),
        ("Saved", f"{stored.saved_at:%Y-%m-%d %H:%M} UTC, version {stored.version}"),
        ("Report", stored.report_id),
    ]
    return ReportFacts(
        title=shown_line(report.title) or "Report without a title",
        facts=facts,
        paragraphs=shown_paragraphs(report.text_entry),
        missing=missing,
        evidence=[_evidence(n, entry) for n, entry in enumerate(report.evidence, start=1)],
        versions=_versions(report),
    )


def shown_rating(value: float | None) -> str:
    """Return a rating with two decimals."""
    return "not known" if value is None else f"{value:.2f}"


def _evidence(number: int, entry: Evidence) -> EvidenceFacts:
    row = entry.row
    return EvidenceFacts(
        number=number,
        item_id=entry.item_id,
        paragraphs=shown_paragraphs(_raw(row, "comment")),
        topic=_line(row, "topic"),
        categories=_line(row, "toxicity_category"),
        system_rating=_rating(row.get("system_rating")),
        system_decision=_line(row, "system_decision"),
        user_rating=_rating(row.get("user_rating")),
        user_decision=_line(row, "user_decision"),
        error_type=_line(row, "error_type"),
    )


def _raw(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _line(row: Mapping[str, Any], name: str) -> str:
    return shown_line(_raw(row, name))


def _rating(value: Any) -> float | None:
    """Return a rating that can be drawn; a foreign client may have sent anything."""
    if type(value) not in (int, float):
        return None
    return float(value) if 0 <= value <= HIGHEST else None


def _versions(report: AuditReport) -> list[tuple[str, str]]:
    pairs = {pair for entry in report.evidence for pair in entry.versions.items()}
    return [(shown_line(asset), shown_line(version)) for asset, version in sorted(pairs)]


def _listed(words: list[str]) -> str:
    head, last = words[:-1], words[-1]
    return f"{', '.join(head)} and {last}" if head else last
