"""The canonical tables: schemas that refuse, counts that cannot lie, documents that are whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from labelaudit_dagster.importers import (
    EXPECTED_REASONS,
    REASONS,
    TABLES,
    TABLES_SCHEMA_VERSION,
    WARNINGS,
    Community,
    ConservationError,
    SourceIdentity,
    TableCounts,
    empty_table,
    validate_table,
)

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data.md"


def section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", DOCUMENT.read_text(), re.M | re.S)
    assert found, f"docs/data.md has no section '{title}'"
    return found.group(1)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_documented(table: str):
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (\w+) \| (.+?) \|$", section(f"`{table}`"), re.M)
    documented = [(name, dtype.strip("`"), null) for name, dtype, null, _ in rows]
    expected = [
        (column.name, column.dtype, "yes" if column.nullable else "no")
        for column in TABLES[table].columns
    ]
    assert documented == expected


@pytest.mark.parametrize(
    ("title", "kinds"), [("Quarantine reasons", REASONS), ("Warnings", WARNINGS)]
)
def test_every_reason_and_warning_is_documented(title: str, kinds: dict[str, str]):
    assert sorted(re.findall(r"^\| `(\w+)` \|", section(title), re.M)) == sorted(kinds)


def test_schema_version_is_documented():
    assert f"schema version {TABLES_SCHEMA_VERSION}" in DOCUMENT.read_text()


def test_expected_reasons_exist():
    assert set(REASONS) > EXPECTED_REASONS


@pytest.mark.parametrize("table", TABLES)
def test_empty_tables_fit_their_schema(table: str):
    assert validate_table(table, empty_table(table)).empty


def ratings(**changes) -> pd.DataFrame:
    columns = {
        "participant_id": pd.Series(["a", "b"], dtype="str"),
        "guideline_id": pd.Series(["g", "g"], dtype="str"),
        "helpful": [True, False],
        "rated_at": pd.Series([None, None], dtype="datetime64[us, UTC]"),
    }
    return pd.DataFrame(columns | changes)


def test_fitting_ratings_pass():
    validate_table("guideline_ratings", ratings())


@pytest.mark.parametrize(
    "frame",
    [
        ratings(helpful=[1, 0]),
        ratings(helpful=[1.0, None]),
        ratings(participant_id=pd.Series(["a", None], dtype="str")),
        ratings(participant_id=pd.Series(["a", ""], dtype="str")),
        ratings(participant_id=pd.Series(["a", "a"], dtype="str")),
        ratings(participant_id=[1, 2]),
        ratings(rated_at=pd.Series(["x", "y"], dtype="str")),
        ratings(extra=[1, 2]),
        ratings().drop(columns="rated_at"),
        ratings()[["guideline_id", "participant_id", "helpful", "rated_at"]],
    ],
)
def test_unfitting_ratings_are_refused(frame: pd.DataFrame):
    with pytest.raises(SchemaErrors):
        validate_table("guideline_ratings", frame)


def test_participants_may_have_string_columns_only():
    frame = pd.DataFrame({"participant_id": ["a"], "age": ["30"]}, dtype="str")
    validate_table("participants", frame)
    with pytest.raises(SchemaErrors):
        validate_table("participants", frame.assign(age=30))


def test_counts_must_add_up():
    assert TableCounts(3, 2, 1, 5).rows_passed == 5
    with pytest.raises(ConservationError):
        TableCounts(4, 2, 1)
    with pytest.raises(ConservationError):
        TableCounts(0, 1, -1)


def test_counts_must_fit_the_tables():
    counts = {name: TableCounts(0, 0, 0) for name in TABLES if name != "quarantine"}
    tables = {name: empty_table(name) for name in TABLES}
    identity = SourceIdentity("export", None, ())
    Community(**tables, counts=counts, identity=identity)
    with pytest.raises(ConservationError, match="participants"):
        Community(
            **tables,
            counts=counts | {"participants": TableCounts(1, 0, 1)},
            identity=identity,
        )


def test_importing_the_package_is_cheap():
    script = (
        "import sys, labelaudit_dagster.importers, labelaudit_dagster.sample\n"
        "heavy = ['pandas', 'numpy', 'pyarrow', 'pandera', 'dagster', 'sqlalchemy', 'requests']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
