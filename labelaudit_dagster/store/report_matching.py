"""Which report of a list that somebody saves whole is the next version of which stored one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def match_reports(
    current: Sequence[Any], wanted: Sequence[Mapping[str, Any]], named: Sequence[Any]
) -> list[Any]:
    """Return the current report that each document is the next version of, or None.

    Args:
        current: Rows of the reports that are stored.
        wanted: Documents, in their order.
        named: The id that each document names, or anything else.
    """
    left = {row.report_id: row for row in current}
    matched: list[Any] = [left.pop(name, None) if isinstance(name, str) else None for name in named]
    for same in (_same_document, _same_title):
        for position, document in enumerate(wanted):
            if matched[position] is None:
                found = next((row for row in left.values() if same(row, document)), None)
                if found is not None:
                    matched[position] = left.pop(found.report_id)
    return matched


def _same_document(row: Any, document: Mapping[str, Any]) -> bool:
    return bool(row.document == document)


def _same_title(row: Any, document: Mapping[str, Any]) -> bool:
    title = document.get("title")
    return isinstance(title, str) and row.document.get("title") == title
