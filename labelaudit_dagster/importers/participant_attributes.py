"""Demographic attributes of participants: from records to columns of nullable strings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from labelaudit_dagster.importers.warning_counts import WarningCounts

AttributeRecords = dict[str, list[Any]]
"""Participant id to the attribute objects that the source gives for that participant."""


def attribute_frame(
    participant_ids: pd.Series[str], records: AttributeRecords, warnings: WarningCounts
) -> pd.DataFrame:
    """Return one string column for each attribute that anybody has, ordered by name.

    Args:
        participant_ids: The participants, in the order of the result's rows.
        records: What the source says about them; an attribute in which the records of one
            participant differ is dropped with a warning.
        warnings: Counts what is dropped.
    """
    merged = {key: _agreed(objects, warnings) for key, objects in records.items()}
    names = sorted({name for attributes in merged.values() for name in attributes})
    nothing: dict[str, str] = {}
    rows = [merged.get(key, nothing) for key in participant_ids]
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype="str") for name in names},
        index=participant_ids.index,
    )


def with_attributes(
    participants: pd.DataFrame, attributes: Mapping[str, Mapping[str, str | None]]
) -> pd.DataFrame:
    """Join further attributes to participants by id; those of people who are none are left out.

    Args:
        participants: The canonical table.
        attributes: By participant and column. They stand before what the table holds; None too,
            which says that the person does not want it known any more.

    Returns:
        The table with all columns in which anybody has a value, ordered by name after the id.
    """
    ids = participants["participant_id"].tolist()
    if not any(name in attributes for name in ids):
        return participants
    known = [str(column) for column in participants.columns if column != "participant_id"]
    added = {name for key in ids for name in attributes.get(key, ()) if name != "participant_id"}
    columns: dict[str, Any] = {"participant_id": participants["participant_id"]}
    for name in sorted({*known, *added}):
        before = (
            participants[name].astype(object).where(participants[name].notna(), None).tolist()
            if name in known
            else [None] * len(ids)
        )
        values = [
            attributes.get(key, {}).get(name, old) for key, old in zip(ids, before, strict=True)
        ]
        if any(value is not None for value in values):
            columns[name] = pd.Series(values, dtype="str", index=participants.index)
    return pd.DataFrame(columns)


def _agreed(objects: list[Any], warnings: WarningCounts) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for attributes in objects:
        if not isinstance(attributes, dict):
            warnings.add("invalid_attribute")
            continue
        for name, value in attributes.items():
            if value is None:
                continue
            text = _text(value)
            if text is None or not name or "\0" in name or name == "participant_id":
                warnings.add("invalid_attribute")
            else:
                found.setdefault(name, set()).add(text)
    warnings.add("differing_attribute", sum(len(values) > 1 for values in found.values()))
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def _text(value: Any) -> str | None:
    """Return an attribute's value as text; None where it is no scalar or cannot be stored."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    if isinstance(value, str) and value and "\0" not in value:
        return value
    return None
