"""A report as Markdown (CommonMark) in which no text of anybody is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app_api.reports.report_facts import (
    HIGHEST,
    THRESHOLD,
    EvidenceFacts,
    ReportFacts,
    shown_rating,
)

MEDIA_TYPE = "text/markdown; charset=utf-8; variant=CommonMark"

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ALWAYS = re.compile(r"[\\`*_\[\]|~$@]")
_BEFORE_TEXT = re.compile(r":(?=\S)")
_WEB = re.compile(r"(?i)(?<=www)\.")
_MARK_AT_START = re.compile(r"^(?=[-+=#])")
_NUMBER_AT_START = re.compile(r"^(\d+)(?=[.)])")


def escaped_line(line: str) -> str:
    r"""Return a line that renders as exactly these characters, wherever it stands.

    What has a meaning gets a backslash; `&`, `<` and `>` become references, which programs that
    know fewer escapes than CommonMark read as well. Addresses are not made into links.
    """
    text = _ALWAYS.sub(lambda found: f"\\{found.group()}", line)
    text = re.sub("[&<>]", lambda found: _ENTITIES[found.group()], text)
    text = _WEB.sub(r"\\.", _BEFORE_TEXT.sub(r"\\:", text))
    return _NUMBER_AT_START.sub(r"\1\\", _MARK_AT_START.sub(r"\\", text))


def markdown_report(facts: ReportFacts) -> str:
    """Return the report."""
    return "\n".join(_lines(facts))


def _lines(facts: ReportFacts) -> Iterator[str]:
    yield f"# {escaped_line(facts.title)}"
    yield ""
    for name, value in facts.facts:
        yield f"- **{name}:** {escaped_line(value)}"
    yield ""
    yield "## What is wrong"
    yield from _paragraphs(facts.paragraphs or [["Nothing has been written yet."]])
    yield ""
    yield f"## Evidence ({len(facts.evidence)})"
    yield ""
    yield (
        f"Ratings go from 0 to {HIGHEST:g}; above {THRESHOLD:g} a comment counts as toxic. "
        '"Author" is what the personal model expects its author to say. '
        "Every comment is shown as it was when it was added."
    )
    for entry in facts.evidence:
        yield ""
        yield from _evidence(entry)
    if facts.versions:
        yield ""
        yield "## Made from"
        yield ""
        for asset, version in facts.versions:
            yield f"- {escaped_line(asset)}: {escaped_line(version)}"
    yield ""


def _evidence(entry: EvidenceFacts) -> Iterator[str]:
    comment = "" if entry.item_id is None else f", comment {entry.item_id}"
    yield f"### {entry.number}{comment}"
    yield from _paragraphs(entry.paragraphs or [["(no text)"]], mark="> ")
    yield ""
    yield f"- **System:** {_said(entry.system_rating, entry.system_decision)}"
    yield f"- **Author:** {_said(entry.user_rating, entry.user_decision)}"
    for name, value in (
        ("Finding", entry.error_type),
        ("Topic", entry.topic),
        ("Called by the crowd", entry.categories),
    ):
        if value:
            yield f"- **{name}:** {escaped_line(value)}"


def _said(rating: float | None, decision: str) -> str:
    return (
        f"{shown_rating(rating)} {escaped_line(f'({decision})')}"
        if decision
        else shown_rating(rating)
    )


def _paragraphs(paragraphs: list[list[str]], mark: str = "") -> Iterator[str]:
    for place, lines in enumerate(paragraphs):
        yield mark.rstrip() if place else ""
        # A backslash at the end keeps a line's end.
        for line in lines[:-1]:
            yield f"{mark}{escaped_line(line)}\\"
        yield f"{mark}{escaped_line(lines[-1])}"
