"""A constitution as table rows and as Markdown, safe against whatever texts hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

COLUMNS = {
    "guideline_id": "Guideline",
    "text": "Text",
    "status": "Status",
    "consensus_score": "Score",
    "intercept": "Intercept",
    "raw_support": "Support",
    "n_ratings": "Ratings",
    "p_accepted": "P(accepted)",
}
"""Columns of the table and their headings."""

_MARKDOWN = re.compile(r"([\\`*_\[\]|~>$:]|(?<=www)\.)")
_HTML = {"&": "&amp;", "<": "&lt;"}


def score_table(
    document: Mapping[str, Any], limit: int | None = None, *, longest_text: int = 160
) -> list[dict[str, str | int | float | None]]:
    """Return the first guidelines of a document as rows of plain values.

    Args:
        document: the constitution as `constitution_document` makes it.
        limit: largest number of rows, None for all.
        longest_text: texts are put on one line and shortened to this many characters.

    Returns:
        Rows with the keys of `COLUMNS`, in the order of the document.
    """
    rows = document["guidelines"] if limit is None else document["guidelines"][: max(limit, 0)]
    return [
        {
            **{name: row[name] for name in COLUMNS},
            "guideline_id": one_line(row["guideline_id"], longest_text),
            "text": one_line(row["text"], longest_text),
        }
        for row in rows
    ]


def score_markdown(
    document: Mapping[str, Any], limit: int | None = None, *, longest_text: int = 160
) -> str:
    """Return the first guidelines of a document as a Markdown table.

    Ids and texts are escaped, so that they can neither break the table nor bring in formatting,
    links or HTML. A last line tells how many guidelines are not shown.
    """
    rows = score_table(document, limit, longest_text=longest_text)
    lines = [
        "| " + " | ".join(COLUMNS.values()) + " |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    lines += ["| " + " | ".join(_cell(name, row[name]) for name in COLUMNS) + " |" for row in rows]
    hidden = len(document["guidelines"]) - len(rows)
    if hidden:
        lines += ["", f"{hidden:,} more {'guideline' if hidden == 1 else 'guidelines'} not shown."]
    return "\n".join(lines)


def one_line(text: str, longest: int) -> str:
    """Return a text on one line without control and direction characters, shortened.

    Line ends and other white space become single spaces. Control characters and the marks that
    turn the direction of writing are shown as U+FFFD, since they can hide or reorder what stands
    next to them; letters that are written from right to left stay.
    """
    line = " ".join(text.split())
    line = "".join("\N{REPLACEMENT CHARACTER}" if _unsafe(char) else char for char in line)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def escape_markdown(text: str) -> str:
    """Return a text whose every character Markdown shows as it is, HTML included."""
    return _MARKDOWN.sub(r"\\\1", "".join(_HTML.get(char, char) for char in text))


def _unsafe(char: str) -> bool:
    category = unicodedata.category(char)
    joins = char in "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
    return category in {"Cc", "Cs"} or (category == "Cf" and not joins)


def _cell(name: str, value: str | int | float | None) -> str:
    """Return one cell of the Markdown table."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, str):
        return escape_markdown(value)
    if name == "n_ratings":
        return f"{value:,}"
    if name in {"raw_support", "p_accepted"}:
        return f"{100 * value:.1f}%"
    return f"{value:.4f}"
