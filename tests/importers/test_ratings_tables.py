"""The tables of a corpus: documented, schemas that refuse, counts that cannot lie; real ratings."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers import (
    CORPUS_DATA_TABLES,
    CORPUS_TABLES,
    CORPUS_TABLES_SCHEMA_VERSION,
    ConservationError,
    Corpus,
    RatingColumns,
    SourceIdentity,
    TableCounts,
    empty_corpus_table,
    read_ratings,
    validate_corpus_table,
)

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data.md"
SCALE = RatingScale.from_values((0, 1, 2))


def section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", DOCUMENT.read_text(), re.M | re.S)
    assert found, f"docs/data.md has no section '{title}'"
    return found.group(1)


@pytest.mark.parametrize("spec", CORPUS_DATA_TABLES, ids=lambda spec: spec.name)
def test_every_column_is_documented(spec):
    rows = re.findall(
        r"^\| `(\w+)` \| `(.+?)` \| (.+?) \| (.+?) \|$", section(f"`{spec.name}`"), re.M
    )
    assert [(name, dtype, null) for name, dtype, null, _ in rows] == [
        (
            column.name,
            column.dtype,
            ("yes" if column.nullable else "no") + (", optional" if column.optional else ""),
        )
        for column in spec.columns
    ]


def test_schema_version_is_documented():
    assert f"schema version {CORPUS_TABLES_SCHEMA_VERSION}" in section("Tables of a corpus")


@pytest.mark.parametrize("table", CORPUS_TABLES)
def test_empty_tables_fit_their_schema(table: str):
    assert validate_corpus_table(table, empty_corpus_table(table)).empty


def corpus(**changes) -> Corpus:
    tables = {
        "comments": pd.DataFrame(
            {
                "item_id": [1, 2],
                "source_item_id": pd.Series(["1", "2"], dtype="str"),
                "text": pd.Series(["one", "two"], dtype="str"),
            }
        ),
        "raters": pd.DataFrame({"rater_id": pd.Series(["a"], dtype="str")}),
        "comment_ratings": pd.DataFrame(
            {"rater_id": pd.Series(["a"], dtype="str"), "item_id": [2], "rating": [1.0]}
        ),
        "system_ratings": pd.DataFrame({"item_id": [1], "system_rating": [0.5]}),
    }
    identity = SourceIdentity("ratings", None, ())
    return Corpus.of_tables(**{**tables, **changes}, scale=SCALE, identity=identity)


def test_fitting_corpus_passes():
    fitting = corpus()
    fitting.validate()
    assert fitting.table_names == ("comments", "raters", "comment_ratings", "system_ratings")
    bare = fitting.without_system_ratings()
    bare.validate()
    assert bare.table_names == ("comments", "raters", "comment_ratings")
    assert bare.table("system_ratings").empty
    assert not bare.equals(fitting)
    assert bare.equals(corpus(system_ratings=None))
    assert not fitting.equals(replace(fitting, scale=RatingScale.from_values((0, 1, 2, 3))))


def test_category_shares_may_be_there():
    comments = corpus().comments.assign(is_threat_frac=[0.5, np.nan], is_insult_frac=1.0)
    corpus(comments=comments).validate()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("comments", {"item_id": [1, 1]}),
        ("comments", {"item_id": [1, 2**53]}),
        ("comments", {"item_id": [-1, 2]}),
        ("comments", {"text": pd.Series(["one", ""], dtype="str")}),
        ("comments", {"is_insult_frac": [0.5, 1.5]}),
        ("comments", {"other": [1, 2]}),
        ("raters", {"age": [30]}),
        ("comment_ratings", {"rating": [np.nan]}),
        ("comment_ratings", {"rating": [1]}),
        ("system_ratings", {"system_rating": [np.nan]}),
    ],
)
def test_unfitting_tables_are_refused(table: str, change: dict[str, object]):
    with pytest.raises(SchemaErrors):
        corpus(**{table: corpus().table(table).assign(**change)}).validate()


@pytest.mark.parametrize(
    ("table", "change", "expected"),
    [
        ("comment_ratings", {"rating": [0.5]}, "no values of the scale"),
        ("comment_ratings", {"item_id": [3]}, "comment_ratings names items"),
        ("comment_ratings", {"rater_id": pd.Series(["b"], dtype="str")}, "not among the raters"),
        ("system_ratings", {"item_id": [3]}, "system_ratings names items"),
        ("system_ratings", {"system_rating": [2.1]}, "beyond the ends"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(
    table: str, change: dict[str, object], expected: str
):
    with pytest.raises(ValueError, match=expected):
        corpus(**{table: corpus().table(table).assign(**change)}).validate()


def test_counts_must_fit_the_tables():
    fitting = corpus()
    with pytest.raises(ConservationError, match="raters"):
        replace(fitting, counts={**fitting.counts, "raters": TableCounts(2, 2, 0)})
    quarantine = pd.DataFrame(
        {"table": "system_ratings", "row_number": [0], "reason": "out_of_scale", "raw": "{}"}
    )
    bare = fitting.without_system_ratings()
    with pytest.raises(ConservationError, match="system_ratings"):
        replace(bare, quarantine=quarantine)


@pytest.mark.realdata
def test_real_ratings_are_all_kept(data_root: Path):
    content = (data_root / "popquorn-offensiveness" / "ratings.csv").read_bytes()
    names = ("gender", "race", "age", "occupation", "education")
    found = read_ratings(
        content,
        columns=RatingColumns(
            rater="user_id",
            item="instance_id",
            rating="offensiveness",
            demographics={name: name for name in names},
        ),
        now=datetime(2026, 6, 1, tzinfo=UTC),
        name="ratings.csv",
    )
    found.validate()
    assert {name: tuple(vars(c).values()) for name, c in found.counts.items()} == {
        "comments": (1500, 1500, 0, 0),
        "raters": (262, 262, 0, 0),
        "comment_ratings": (13036, 13036, 0, 0),
    }
    assert found.scale == RatingScale.from_values((1, 2, 3, 4, 5))
    assert found.warnings == {}
    # Against the file as the standard library reads it.
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    ours = found.comment_ratings.merge(found.comments, on="item_id").merge(found.raters)
    assert Counter(
        ours[["rater_id", "source_item_id", "rating", "text", "race"]].itertuples(
            index=False, name=None
        )
    ) == Counter(
        (row["user_id"], row["instance_id"], float(row["offensiveness"]), row["text"], row["race"])
        for row in rows
    )
