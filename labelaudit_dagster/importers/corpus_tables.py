"""The canonical tables of a corpus: comments, who rated them and how, and the system's scores.

They follow `tables`, which has those of a community; the quarantine is the same table.
`docs/data.md` describes them for analysts; a test holds the two together.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from labelaudit_dagster.importers.tables import (
    QUARANTINE,
    ColumnSpec,
    TableSpec,
    empty_frame,
    frame_schema,
)

if TYPE_CHECKING:
    import pandas as pd
    from pandera.pandas import DataFrameSchema

CORPUS_TABLES_SCHEMA_VERSION: Final = 1
"""Version of the corpus tables; grows when a column is added, removed or reinterpreted."""

LARGEST_ITEM_ID: Final = 2**53 - 1
"""Item ids are exact in every JSON reader, JavaScript's included."""

_ITEM_ID_RANGE: Final = (0, LARGEST_ITEM_ID)


def _item_id(description: str) -> ColumnSpec:
    return ColumnSpec("item_id", "int64", False, description, within=_ITEM_ID_RANGE)


def _share(name: str, category: str) -> ColumnSpec:
    return ColumnSpec(
        name,
        "float64",
        True,
        f"Share of raters who call it {category}, in [0, 1]",
        within=(0.0, 1.0),
        optional=True,
    )


CATEGORY_SHARES: Final = (
    _share("is_profane_frac", "profane"),
    _share("is_threat_frac", "a threat"),
    _share("is_identity_attack_frac", "an identity attack"),
    _share("is_insult_frac", "an insult"),
    _share("is_sexual_harassment_frac", "sexual harassment"),
)
"""Optional columns of `comments`, in their order."""

COMMENTS: Final = TableSpec(
    "comments",
    (
        _item_id("Id of the comment, in [0, 2^53)"),
        ColumnSpec("source_item_id", "str", False, "Id in the source, verbatim"),
        ColumnSpec("text", "str", False, "The comment itself, never blank"),
        *CATEGORY_SHARES,
    ),
    key=("item_id",),
)
RATERS: Final = TableSpec(
    "raters",
    (ColumnSpec("rater_id", "str", False, "Id of the rater, verbatim from the source"),),
    key=("rater_id",),
    open_ended=True,
)
COMMENT_RATINGS: Final = TableSpec(
    "comment_ratings",
    (
        ColumnSpec("rater_id", "str", False, "Who rated"),
        _item_id("What was rated"),
        ColumnSpec("rating", "float64", False, "The rating, a value of the corpus' scale"),
    ),
    key=("rater_id", "item_id"),
)
SYSTEM_RATINGS: Final = TableSpec(
    "system_ratings",
    (
        _item_id("What the audited system rated"),
        ColumnSpec(
            "system_rating", "float64", False, "Its score, between the ends of the corpus' scale"
        ),
    ),
    key=("item_id",),
)

CORPUS_DATA_TABLES: Final = (COMMENTS, RATERS, COMMENT_RATINGS, SYSTEM_RATINGS)
"""The tables that an import fills, in an order in which references point backwards."""

CORPUS_TABLES: Final = {spec.name: spec for spec in (*CORPUS_DATA_TABLES, QUARANTINE)}
"""Every table of a corpus by name."""


@cache
def corpus_schema(table: str) -> DataFrameSchema:
    """Return the pandera schema of one table of a corpus.

    Args:
        table: Name of the table, a key of `CORPUS_TABLES`.

    Raises:
        KeyError: There is no such table.
    """
    return frame_schema(CORPUS_TABLES[table])


def validate_corpus_table(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Check a frame against its schema at a border and return it unchanged.

    Args:
        table: Name of the table, a key of `CORPUS_TABLES`.
        frame: The frame to check.

    Raises:
        KeyError: There is no such table.
        pandera.errors.SchemaErrors: The frame does not fit; the error lists every failure.
    """
    corpus_schema(table).validate(frame, lazy=True)
    return frame


def empty_corpus_table(table: str) -> pd.DataFrame:
    """Return a table of a corpus with its required columns and no rows."""
    return empty_frame(CORPUS_TABLES[table])
