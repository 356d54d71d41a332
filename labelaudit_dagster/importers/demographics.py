"""Demographics of people who took part in studies, reduced to what an allow-list names.

Whatever brings demographics goes through here before anything of it is stored, logged or sent. No
message of this module holds a value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

PARTICIPANT_COLUMN: Final = "Participant id"
"""The column that tells whom a row is about."""

DEFAULT_COLUMNS: Final = (
    "Age",
    "Sex",
    "Ethnicity simplified",
    "Country of residence",
    "Language",
    "Student status",
    "Employment status",
)
"""What is kept of a person unless a setting says otherwise, as Prolific calls it."""

LONGEST_VALUE: Final = 200
"""A longer value is no answer to choose from but a text of one's own, and is not kept."""

_STATUS: Final = "status"
_AGE: Final = "age"
_LEFT_OUT: Final = {
    "active": "ACTIVE",
    "rejected": "REJECTED",
    "reserved": "RESERVED",
    "returned": "RETURNED",
    "screenedout": "SCREENED OUT",
    "timedout": "TIMED-OUT",
}
"""Submissions of people who have not taken part, or not yet, by plain name."""
_NO_VALUES: Final = frozenset({"", "consentrevoked", "dataexpired"})
_AGES: Final = (18, 25, 35, 45, 55, 65)
_YOUNGEST: Final = f"under {_AGES[0]}"
_OLDEST: Final = f"{_AGES[-1]}+"
_AGE_RANGES: Final = (
    _YOUNGEST,
    *(f"{low}-{high - 1}" for low, high in pairwise(_AGES)),
    _OLDEST,
)


def plain_name(name: str) -> str:
    """Return a column's name without case, blanks and signs, by which spellings are compared."""
    return "".join(character for character in name.casefold() if character.isalnum())


@dataclass(frozen=True)
class DemographicColumns:
    """Which columns are kept, under which names; everything else is dropped.

    Attributes:
        names: as they are stored and sent.
    """

    names: tuple[str, ...] = DEFAULT_COLUMNS

    @classmethod
    def parse(cls, text: str) -> DemographicColumns:
        """Read an allow-list with commas.

        Raises:
            ValueError: a column stands there twice, has no name, or is one that names a person or
                a submission.
        """
        names = tuple(" ".join(part.split()) for part in text.split(","))
        plain = [plain_name(name) for name in names]
        if not all(plain):
            raise ValueError("holds a column without a name; give names with commas between them")
        if len(set(plain)) < len(plain):
            raise ValueError("names a column twice")
        if {"participantid", "submissionid", "sessionid"} & set(plain):
            raise ValueError(
                "names an id; that of the participant is always kept, any other one never"
            )
        return cls(names)

    def known(self, header: str) -> str | None:
        """Return the name under which a column is kept; None where it is dropped."""
        plain = plain_name(header)
        return next((name for name in self.names if plain_name(name) == plain), None)


@dataclass(frozen=True)
class ReducedRows:
    """The rows of a study, one for each person, ordered by id.

    Attributes:
        rows: `PARTICIPANT_COLUMN`, and of the allowed columns those that the source has: a text,
            or None where nothing is known.
        rows_in: rows that came.
        dropped: how many of them were left out, by reason: `status RETURNED` and the like,
            `no participant`, `repeated`. rows_in = len(rows) + those.
    """

    rows: tuple[dict[str, str | None], ...]
    rows_in: int
    dropped: Mapping[str, int]


class _People:
    """What is known of people, however many rows say it."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, set[str]]] = {}
        self.rows_in = 0
        self.dropped: Counter[str] = Counter()

    def add(self, participant: str, values: Mapping[str, str | None]) -> None:
        if participant in self._known:
            self.dropped["repeated"] += 1
        person = self._known.setdefault(participant, {})
        for name, value in values.items():
            person.setdefault(name, set()).update(() if value is None else (value,))

    def result(self, columns: DemographicColumns) -> ReducedRows:
        rows: list[dict[str, str | None]] = []
        for participant, known in sorted(self._known.items()):
            row: dict[str, str | None] = {PARTICIPANT_COLUMN: participant}
            for name in columns.names:
                if name in known:
                    row[name] = next(iter(known[name])) if len(known[name]) == 1 else None
            rows.append(row)
        return ReducedRows(tuple(rows), self.rows_in, dict(sorted(self.dropped.items())))


class RowReducer:
    """Takes the rows of a table one by one and keeps of each only what is allowed.

    Args:
        header: names of the source's columns.
        columns: the allow-list.

    Raises:
        ValueError: the header has no column of participants, or one of the columns that are read
            twice. The message says which.
    """

    def __init__(self, header: Iterable[str], columns: DemographicColumns) -> None:
        self._columns = columns
        self._places = _Places.of(header, columns)
        self._people = _People()

    def add(self, row: Sequence[Any]) -> None:
        """Take a row, as long as the header."""
        self._places.read(row, self._people)

    def result(self) -> ReducedRows:
        """Return what was kept.

        Several rows of one person become one; in a column in which they differ nobody knows which
        is meant, and nothing is kept. So the order of the rows does not matter.
        """
        return self._people.result(self._columns)


@dataclass(frozen=True)
class _Places:
    """Where the columns are that are read."""

    participant: int
    status: int | None
    kept: Mapping[str, int]

    @classmethod
    def of(cls, header: Iterable[str], columns: DemographicColumns) -> _Places:
        participant: int | None = None
        status: int | None = None
        kept: dict[str, int] = {}
        for place, heading in enumerate(header):
            plain, name = plain_name(heading), columns.known(heading)
            is_participant = plain == plain_name(PARTICIPANT_COLUMN)
            if is_participant and participant is None:
                participant = place
            elif is_participant or (name is not None and name in kept):
                raise ValueError(f"has the column {name or PARTICIPANT_COLUMN!r} twice")
            elif name is not None:
                kept[name] = place
            if plain == _STATUS and status is None:
                status = place
        if participant is None:
            raise ValueError(f"has no column {PARTICIPANT_COLUMN!r}")
        return cls(participant, status, kept)

    def read(self, row: Sequence[Any], people: _People) -> None:
        people.rows_in += 1
        status = "" if self.status is None else plain_name(str(row[self.status] or ""))
        participant = row[self.participant]
        if status in _LEFT_OUT:
            people.dropped[f"status {_LEFT_OUT[status]}"] += 1
        elif participant is None or not str(participant).strip():
            people.dropped["no participant"] += 1
        else:
            values = {name: _value(name, row[place]) for name, place in self.kept.items()}
            people.add(str(participant), values)


def reduced_rows(
    rows: Iterable[Mapping[str, Any]], columns: DemographicColumns = DemographicColumns()
) -> ReducedRows:
    """Reduce rows that are objects, as a platform is sent them; each has columns of its own.

    A row without a column of participants is dropped (`no participant`), and one that has a column
    in two spellings (`ambiguous`).
    """
    people = _People()
    for row in rows:
        try:
            places = _Places.of(row, columns)
        except ValueError as error:
            people.rows_in += 1
            people.dropped["ambiguous" if "twice" in str(error) else "no participant"] += 1
            continue
        places.read(list(row.values()), people)
    return people.result(columns)


def age_range(text: str) -> str | None:
    """Return the range that an age in years lies in; a range of ours stays as it is."""
    plain = " ".join(text.split()).casefold().replace("\N{EN DASH}", "-")
    if plain in _AGE_RANGES:
        return plain
    if not re.fullmatch(r"[0-9]{1,3}(\.0*)?", plain):
        return None
    years = int(float(plain))
    return None if years > 130 else _AGE_RANGES[sum(years >= low for low in _AGES)]


def _value(name: str, given: Any) -> str | None:
    text = _text(given)
    if text is None or plain_name(text) in _NO_VALUES or len(text) > LONGEST_VALUE:
        return None
    return age_range(text) if plain_name(name) == _AGE else text


def _text(given: Any) -> str | None:
    """Return a scalar as a text without outer blanks; None where there is nothing to keep."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, (int, float)):
        return str(given)
    if not isinstance(given, str):
        return None
    text = " ".join(given.split())
    unusable = "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)
    return None if unusable or not text else text
