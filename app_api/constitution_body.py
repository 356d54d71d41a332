"""What a posted constitution must be: exactly its seven keys, finite numbers, known ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app_api.json_fields import field_at, finite_number, shown_name
from app_api.problems import field_problem
from labelaudit_dagster.constitution import PAYLOAD_KEYS
from labelaudit_dagster.store import CurrentIds


def check_constitution(document: Mapping[str, Any]) -> None:
    """Check the form of a posted constitution; order, and what the numbers say, are the sender's.

    Args:
        document: The parsed body.

    Raises:
        ProblemError: With the kind `invalid-value`; it names the first field that is wrong.
    """
    _check_keys(document)
    accepted = _accepted(document["accepted_guideline_ids"])
    if finite_number(document["mu"]) is None:
        raise field_problem("invalid-value", "mu", "must be a finite number")
    for field in ("guideline_intercepts", "user_intercepts", "guideline_scores"):
        for name, value in _object(document, field).items():
            if finite_number(value) is None:
                raise field_problem(
                    "invalid-value", field_at(field, name), "must be a finite number"
                )
    _check_embeddings(document)
    for name in document["guideline_scores"]:
        if name not in accepted:
            raise field_problem(
                "invalid-value",
                field_at("guideline_scores", name),
                "is not among accepted_guideline_ids; scores are of accepted guidelines",
            )


def _check_keys(document: Mapping[str, Any]) -> None:
    for key in PAYLOAD_KEYS:
        if key not in document:
            raise field_problem("invalid-value", key, "is missing")
    for key in document:
        if key not in PAYLOAD_KEYS:
            raise field_problem(
                "invalid-value", shown_name(key), f"is not a key of a constitution ({_keys()})"
            )


def _keys() -> str:
    return ", ".join(PAYLOAD_KEYS)


def _accepted(value: Any) -> set[str]:
    field = "accepted_guideline_ids"
    if not isinstance(value, list):
        raise field_problem("invalid-value", field, "must be a list of ids")
    seen: set[str] = set()
    for position, name in enumerate(value):
        if not isinstance(name, str):
            raise field_problem("invalid-value", f"{field}[{position}]", "must be an id, a string")
        if name in seen:
            raise field_problem("invalid-value", f"{field}[{position}]", "repeats an id")
        seen.add(name)
    return seen


def _check_embeddings(document: Mapping[str, Any]) -> None:
    length: int | None = None
    for field in ("guideline_embeddings", "user_embeddings"):
        for name, vector in _object(document, field).items():
            if not isinstance(vector, list) or any(
                finite_number(value) is None for value in vector
            ):
                raise field_problem(
                    "invalid-value", field_at(field, name), "must be a list of finite numbers"
                )
            length = len(vector) if length is None else length
            if len(vector) != length:
                raise field_problem(
                    "invalid-value",
                    field_at(field, name),
                    f"has {len(vector)} numbers where others have {length}",
                )


def check_ids(document: Mapping[str, Any], known: CurrentIds) -> None:
    """Refuse ids of another community: its parameters could not belong to ours.

    Args:
        document: Accepted by `check_constitution`.
        known: Ids of the community that it must be of.

    Raises:
        ProblemError: With the kind `unknown-id`; it names the first id that is not known.
    """
    for field in (
        "accepted_guideline_ids",
        "guideline_intercepts",
        "guideline_embeddings",
        "guideline_scores",
    ):
        _check_ids(document, field, known.guidelines, "guideline")
    for field in ("user_intercepts", "user_embeddings"):
        _check_ids(document, field, known.participants, "participant")


def _check_ids(document: Mapping[str, Any], field: str, known: frozenset[str], what: str) -> None:
    unknown = next((name for name in document[field] if name not in known), None)
    if unknown is not None:
        raise field_problem(
            "unknown-id", field, f"names the {what} {shown_name(unknown)}, which is not known here"
        )


def _object(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = document[field]
    if not isinstance(value, dict):
        raise field_problem("invalid-value", field, "must be an object with ids as its keys")
    return value
