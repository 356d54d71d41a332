from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from labelaudit_dagster.store.changes import ChangeKind
from labelaudit_dagster.store.schema import SCHEMA_VERSION
from labelaudit_dagster.store.schema_base import metadata

DOCUMENT = Path(__file__).parents[2] / "docs" / "database.md"


def test_every_table_and_column_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", text, re.M | re.S))
    assert set(sections) == set(metadata.tables)
    for name, table in metadata.tables.items():
        documented = re.findall(r"^\| `(\w+)` \| .+ \|$", sections[name], re.M)
        assert documented == [column.name for column in table.columns], name


def test_the_schema_version_is_documented() -> None:
    assert f"`{SCHEMA_VERSION}`" in DOCUMENT.read_text(encoding="utf-8")


def test_every_kind_of_change_is_documented() -> None:
    (meaning,) = re.findall(r"^\| `kind` \| (.*_imported.*) \|$", DOCUMENT.read_text("utf-8"), re.M)
    assert re.findall(r"`(\w+)`", meaning) == list(get_args(ChangeKind))
