"""Labels of one person in a CSV file: `item_id,rating`, or `text,rating`.

A rating is a value of the corpus' scale; empty or -1 stands for unsure. Rows that cannot be used
are set apart with a reason, so that rows in = labels + rows set apart.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.rating_scale import RatingScale

UNSURE: Final = -1.0
REASONS: Final = {
    "malformed_row": "another number of fields than the header",
    "no_comment": "no comment named",
    "not_a_number": "a rating that is no number",
    "out_of_scale": "a rating that is no value of the scale",
    "superseded": "a comment labelled again further down, where the last label counts",
    "unknown_comment": "a comment that is not in the corpus",
}
_LONGEST_FIELD = 16 << 20
_SHOWN = 60


class LabelFileError(ExpectedFailure, ValueError):
    """A file that holds no labels; the message says why."""


@dataclass(frozen=True)
class FileLabel:
    """One usable row.

    Attributes:
        row_number: position among the data rows, from 1, as a person counts.
        comment: item id, id in the source, or text of the comment, as written.
        rating: value of the scale, or None for unsure.
    """

    row_number: int
    comment: str
    rating: float | None


@dataclass(frozen=True)
class RejectedRow:
    """A row set apart: its position from 1, why (see `REASONS`), and the start of what it says."""

    row_number: int
    reason: str
    shown: str


@dataclass(frozen=True)
class LabelFile:
    """What a file of labels holds.

    Attributes:
        by_text: whether comments are named by their text instead of an id.
        labels: usable rows, in the order of the file; each comment once.
        rejected: rows set apart, in the order of the file.
    """

    by_text: bool
    labels: list[FileLabel]
    rejected: list[RejectedRow]

    @property
    def n_rows(self) -> int:
        """Data rows of the file."""
        return len(self.labels) + len(self.rejected)


@dataclass(frozen=True)
class _Places:
    """Where the cells of a row are."""

    width: int
    comment: int
    rating: int
    by_text: bool


def read_label_file(content: bytes, *, scale: RatingScale, name: str) -> LabelFile:
    """Read a CSV file of labels.

    Args:
        content: the file's bytes, UTF-8, with a header.
        scale: the scale of the corpus.
        name: the file's name, for messages.

    Raises:
        LabelFileError: if it is empty, no UTF-8 CSV, or lacks a column.
    """
    rows = _rows(content, name)
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if not any(header):
        raise LabelFileError(f"{name} is empty; its first line must be item_id,rating.")
    key = next((column for column in ("item_id", "text") if column in header), None)
    if key is None or "rating" not in header:
        raise LabelFileError(
            f"{name} has the columns {', '.join(header)[:200]}; it needs item_id (or text) "
            "and rating."
        )
    places = _Places(len(header), header.index(key), header.index("rating"), key == "text")
    labels: dict[str, FileLabel] = {}
    rejected: list[RejectedRow] = []
    # An empty line is no row.
    for number, row in enumerate((row for row in rows[1:] if row), start=1):
        label = _label(row, number, places, scale)
        if isinstance(label, RejectedRow):
            rejected.append(label)
            continue
        before = labels.pop(label.comment, None)
        if before is not None:
            rejected.append(RejectedRow(before.row_number, "superseded", label.comment[:_SHOWN]))
        labels[label.comment] = label
    return LabelFile(
        by_text=places.by_text,
        labels=list(labels.values()),
        rejected=sorted(rejected, key=lambda one: one.row_number),
    )


def rejection_counts(rejected: list[RejectedRow]) -> dict[str, int]:
    """Return how many rows were set apart for each reason, the commonest first."""
    return dict(Counter(row.reason for row in rejected).most_common())


def rejection_sentence(counts: Mapping[str, int]) -> str:
    """Say in words why rows were set apart."""
    return "; ".join(f"{rows:,} with {REASONS[reason]}" for reason, rows in counts.items())


def _rows(content: bytes, name: str) -> list[list[str]]:
    """Split the file into rows of cells.

    Raises:
        LabelFileError: if the bytes are no CSV text.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        text = content.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise LabelFileError(
            f"{name} cannot be read: byte {error.start} is no UTF-8; save it as CSV in UTF-8."
        ) from error
    except csv.Error as error:
        raise LabelFileError(f"{name} is no well-formed CSV ({error}); save it anew.") from error


def _label(
    row: list[str], number: int, places: _Places, scale: RatingScale
) -> FileLabel | RejectedRow:
    """Read one row, or say why it cannot be used."""

    def reject(reason: str) -> RejectedRow:
        return RejectedRow(number, reason, ",".join(row)[:_SHOWN])

    if len(row) != places.width:
        return reject("malformed_row")
    comment, rating = row[places.comment], row[places.rating].strip()
    if not places.by_text:
        comment = comment.strip()
    if not comment:
        return reject("no_comment")
    if not rating:
        return FileLabel(number, comment, None)
    try:
        value = float(rating)
    except ValueError:
        return reject("not_a_number")
    if not math.isfinite(value):
        return reject("not_a_number")
    level = int(scale.levels_of([value])[0])
    if level >= 0:
        return FileLabel(number, comment, scale.values[level])
    return FileLabel(number, comment, None) if value == UNSURE else reject("out_of_scale")
