"""A report, as it is stored and as IndieLabel's client has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_EMPTY: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Evidence:
    """A comment that a report rests on: which one, and what was known of it then.

    Attributes:
        item_id: The comment; None where a foreign client sent a row without a usable id.
        row: The comment's row as the person saw it (keys of
            `auditing.views.comment_results.comment_records`, ratings on 0 to 4).
        versions: Versions of the artifacts that the row was made from, by their names; empty
            where it was not this installation that made the row.
    """

    item_id: int | None
    row: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """Return the form in which it is stored."""
        return {"item_id": self.item_id, "row": dict(self.row), "versions": dict(self.versions)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Evidence:
        """Return what `to_document` gave."""
        return cls(document["item_id"], document["row"], document["versions"])


@dataclass(frozen=True)
class AuditReport:
    """What a person says about the system, and the comments that show it.

    Attributes:
        title: "Topic: <topic>", a question, or any text.
        error_type: "System is under-sensitive", "System is over-sensitive",
            "Show errors and non-errors", or "".
        evidence: Comments, in the person's order.
        text_entry: What the person writes.
        sep_selection: Kind of harm: "Accuracy", "Bias/Discrimination", "Adversarial Example",
            "Other", or "" until chosen.
        complete_status: Whether the person has marked it complete. False says nothing: one of the
            two original clients has no such mark.
    """

    title: str = ""
    error_type: str = ""
    evidence: tuple[Evidence, ...] = ()
    text_entry: str = ""
    sep_selection: str = ""
    complete_status: bool = False

    def missing(self) -> tuple[str, ...]:
        """Return the fields that are still to be filled in before the report is complete.

        It is complete with evidence and either the person's mark, or both a text and a kind of
        harm. Without evidence nothing is.
        """
        wanting = () if self.evidence else ("evidence",)
        if self.complete_status:
            return wanting
        return wanting + tuple(
            name for name in ("text_entry", "sep_selection") if not getattr(self, name).strip()
        )

    @property
    def is_complete(self) -> bool:
        """Whether it can be handed on."""
        return not self.missing()

    def to_document(self) -> dict[str, Any]:
        """Return the form in which it is stored."""
        return {**self._texts(), "evidence": [entry.to_document() for entry in self.evidence]}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> AuditReport:
        """Return what `to_document` gave."""
        evidence = tuple(Evidence.from_document(entry) for entry in document["evidence"])
        return cls(**{**document, "evidence": evidence})

    def to_contract(self) -> dict[str, Any]:
        """Return the form of the compatible routes: each piece of evidence is its row alone."""
        return {**self._texts(), "evidence": [dict(entry.row) for entry in self.evidence]}

    def _texts(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "error_type": self.error_type,
            "text_entry": self.text_entry,
            "sep_selection": self.sep_selection,
            "complete_status": self.complete_status,
        }


def contract_evidence(
    rows: Sequence[Mapping[str, Any]], earlier: Sequence[Evidence] = ()
) -> tuple[Evidence, ...]:
    """Return the evidence that a client of the compatible routes sent as rows.

    Args:
        rows: Rows as the client got them from a table of results.
        earlier: Evidence of the reports that are saved already. A row that is among it keeps its
            versions; any other has none, since the client does not say what it was made from.
    """
    known = {_identity(entry.row): entry.versions for entry in earlier}
    return tuple(
        Evidence(_item_id(row), dict(row), known.get(_identity(row), _EMPTY)) for row in rows
    )


def _item_id(row: Mapping[str, Any]) -> int | None:
    found = row.get("id", row.get("item_id"))
    return found if type(found) is int and 0 <= found < 2**53 else None


def _identity(value: Any) -> Any:
    """Return something hashable that equals for equal JSON values alone."""
    if isinstance(value, Mapping):
        return frozenset((key, _identity(entry)) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return tuple(_identity(entry) for entry in value)
    return (type(value) is bool, value)
