"""What posted demographics must be: rows by study, with plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app_api.json_fields import field_at, finite_number, shown_name
from app_api.problems import field_problem
from labelaudit_dagster.store import LONGEST_STUDY_ID

STUDIES_KEY = "studyIdToDemoData"

DEMOGRAPHICS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": [STUDIES_KEY],
    "additionalProperties": False,
    "properties": {
        STUDIES_KEY: {
            "type": "object",
            "description": "Rows by the id of their study.",
            "propertyNames": {"minLength": 1, "maxLength": LONGEST_STUDY_ID},
            "additionalProperties": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                },
            },
        }
    },
}
"""JSON Schema of the body."""


def read_demographics(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Check the form of posted demographics and return the rows by study.

    Problems name the study, the number of the row and the column; no value, since the values
    are personal data.

    Args:
        document: The parsed body.

    Raises:
        ProblemError: With the kind `invalid-value`; it names the first field that is wrong.
    """
    if STUDIES_KEY not in document:
        raise field_problem("invalid-value", STUDIES_KEY, "is missing")
    for key in document:
        if key != STUDIES_KEY:
            raise field_problem(
                "invalid-value",
                shown_name(key),
                f"is not a key here, only {STUDIES_KEY} is",
            )
    studies = document[STUDIES_KEY]
    if not isinstance(studies, dict):
        raise field_problem(
            "invalid-value", STUDIES_KEY, "must be an object with ids of studies as its keys"
        )
    for study, rows in studies.items():
        _check_study(study, rows)
    return studies


def _check_study(study: str, rows: Any) -> None:
    field = field_at(STUDIES_KEY, study)
    if not 0 < len(study) <= LONGEST_STUDY_ID:
        raise field_problem(
            "invalid-value", field, f"must have an id of 1 to {LONGEST_STUDY_ID} characters"
        )
    if not isinstance(rows, list):
        raise field_problem("invalid-value", field, "must be a list of rows")
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            raise field_problem(
                "invalid-value", f"{field}[{position}]", "must be an object of columns and values"
            )
        for column, value in row.items():
            if not _is_plain(value):
                raise field_problem(
                    "invalid-value",
                    field_at(f"{field}[{position}]", column),
                    "must be a string, a finite number, true, false or null",
                )


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | bool) or finite_number(value) is not None
