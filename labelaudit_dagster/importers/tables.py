"""The canonical tables: columns, types, schema version and their pandera schemas.

Everything downstream of an import reads these tables and nothing else. `docs/data.md` describes
them for analysts; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import pandas as pd
    from pandera.pandas import DataFrameSchema

TABLES_SCHEMA_VERSION: Final = 1
"""Version of the canonical tables; grows when a column is added, removed or reinterpreted."""

ColumnType = Literal["str", "bool", "int64", "float64", "datetime64[us, UTC]"]


@dataclass(frozen=True)
class ColumnSpec:
    """One documented column: its name, pandas dtype, whether it may be null, its meaning.

    Attributes:
        name: Column name.
        dtype: Its pandas dtype.
        nullable: Whether it may hold nulls (NaN in float64).
        description: What it means.
        within: Smallest and largest value of a number, if there are such bounds.
        optional: Whether a table may lack the column.
    """

    name: str
    dtype: ColumnType
    nullable: bool
    description: str
    within: tuple[float, float] | None = None
    optional: bool = False


@dataclass(frozen=True)
class TableSpec:
    """One canonical table.

    Attributes:
        name: Table name, as in `TableCounts` and in the quarantine.
        columns: The columns in their order, those that a table may lack last.
        key: Columns that identify a row; rows are ordered by them.
        open_ended: Whether further columns (nullable strings, the demographics) may follow.
    """

    name: str
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    open_ended: bool = False

    @property
    def column_names(self) -> list[str]:
        """Names of the required columns, in order."""
        return [column.name for column in self.columns if not column.optional]


PARTICIPANTS: Final = TableSpec(
    "participants",
    (ColumnSpec("participant_id", "str", False, "Id of the rater, verbatim from the source"),),
    key=("participant_id",),
    open_ended=True,
)
TOPICS: Final = TableSpec(
    "topics",
    (
        ColumnSpec("topic_id", "str", False, "Id of the topic, verbatim from the source"),
        ColumnSpec("title", "str", False, "Title shown to people"),
        ColumnSpec("parent_id", "str", True, "Id of the enclosing topic, if any"),
    ),
    key=("topic_id",),
)
GUIDELINES: Final = TableSpec(
    "guidelines",
    (
        ColumnSpec("guideline_id", "str", False, "Id of the guideline, verbatim from the source"),
        ColumnSpec("topic_id", "str", True, "Id of its topic, if it has one that is known"),
        ColumnSpec("text", "str", False, "The guideline itself, never blank"),
        ColumnSpec("author_id", "str", True, "Id of whoever proposed it, if known"),
        ColumnSpec("created_at", "datetime64[us, UTC]", True, "When it was proposed, if known"),
    ),
    key=("guideline_id",),
)
GUIDELINE_RATINGS: Final = TableSpec(
    "guideline_ratings",
    (
        ColumnSpec("participant_id", "str", False, "Who rated"),
        ColumnSpec("guideline_id", "str", False, "What was rated"),
        ColumnSpec("helpful", "bool", False, "True for helpful (agree), False for not helpful"),
        ColumnSpec("rated_at", "datetime64[us, UTC]", True, "When it was last rated, if known"),
    ),
    key=("participant_id", "guideline_id"),
)
QUARANTINE: Final = TableSpec(
    "quarantine",
    (
        ColumnSpec("table", "str", False, "Canonical table the row was meant for"),
        ColumnSpec(
            "row_number", "int64", False, "Position in the source's list or file, from zero"
        ),
        ColumnSpec("reason", "str", False, "Why the row was not kept, one of the reasons below"),
        ColumnSpec("raw", "str", False, "The row as it came, as one JSON value"),
    ),
    key=("table", "reason", "raw", "row_number"),
)

DATA_TABLES: Final = (PARTICIPANTS, TOPICS, GUIDELINES, GUIDELINE_RATINGS)
"""The tables that an import fills, in an order in which references point backwards."""

TABLES: Final = {spec.name: spec for spec in (*DATA_TABLES, QUARANTINE)}
"""Every canonical table by name."""


@cache
def pandera_schema(table: str) -> DataFrameSchema:
    """Return the pandera schema of one canonical table.

    Args:
        table: Name of the table, a key of `TABLES`.

    Raises:
        KeyError: There is no such table.
    """
    return frame_schema(TABLES[table])


def frame_schema(spec: TableSpec) -> DataFrameSchema:
    """Return the pandera schema of a table that is specified in this way."""
    from pandera.pandas import Check, Column, DataFrameSchema

    def checks(column: ColumnSpec) -> list[Check]:
        if column.within is not None:
            return [Check.in_range(*column.within)]
        return [Check.str_length(min_value=1)] if column.dtype == "str" else []

    columns = {
        column.name: Column(
            column.dtype,
            nullable=column.nullable,
            required=not column.optional,
            checks=checks(column),
        )
        for column in spec.columns
    }
    return DataFrameSchema(
        columns,
        name=spec.name,
        ordered=True,
        strict=not spec.open_ended,
        unique=list(spec.key) if spec.name != QUARANTINE.name else None,
        checks=[Check(_further_columns_are_strings, error="demographic columns are strings")]
        if spec.open_ended
        else None,
    )


def validate_table(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Check a frame against its schema at a border and return it unchanged.

    Args:
        table: Name of the table, a key of `TABLES`.
        frame: The frame to check.

    Raises:
        KeyError: There is no such table.
        pandera.errors.SchemaErrors: The frame does not fit; the error lists every failure.
    """
    pandera_schema(table).validate(frame, lazy=True)
    return frame


def empty_table(table: str) -> pd.DataFrame:
    """Return the table with its columns and no rows."""
    return empty_frame(TABLES[table])


def empty_frame(spec: TableSpec) -> pd.DataFrame:
    """Return a table that is specified in this way, with its required columns and no rows."""
    import pandas as pd

    return pd.DataFrame(
        {
            column.name: pd.Series([], dtype=column.dtype)
            for column in spec.columns
            if not column.optional
        }
    )


def _further_columns_are_strings(frame: pd.DataFrame) -> bool:
    return all(str(dtype) == "str" for dtype in frame.dtypes)
