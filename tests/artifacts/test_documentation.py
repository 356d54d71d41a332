"""docs/artifacts.md names every field and every guarantee that code relies on."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

import labelaudit_dagster.artifacts as artifacts
from labelaudit_dagster.artifacts import ArtifactStore, Manifest, StoredFile

DOCS = (Path(__file__).parents[2] / "docs" / "artifacts.md").read_text(encoding="utf-8")


def named(word: str) -> bool:
    return re.search(rf"`{re.escape(word)}`", DOCS) is not None


@pytest.mark.parametrize("field", [*fields(Manifest), *fields(StoredFile)], ids=lambda f: f.name)
def test_every_manifest_field_is_documented(field) -> None:
    assert named(field.name)


def test_every_field_in_the_files_is_documented(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    ref = store.write("table", pd.DataFrame({"a": [1]}))
    pin = store.pin(ref, "why")
    manifest = json.loads((tmp_path / ref.path / "manifest.json").read_bytes())
    entry = manifest["files"]["data.parquet"]
    current = json.loads((tmp_path / "table" / "current.json").read_bytes())
    pinned = json.loads((tmp_path / "table" / pin.file_name).read_bytes())
    words = {*manifest, *entry, *entry["columns"][0], *current, *pinned}
    assert len(words) > 20
    assert [word for word in sorted(words) if not named(word)] == []


def test_every_public_name_has_a_description() -> None:
    for name in artifacts.__all__:
        thing = getattr(artifacts, name)
        assert (thing.__doc__ or "").strip(), name


def test_event_metadata_of_the_io_manager_is_documented() -> None:
    source = Path(artifacts.__file__).parents[1] / "resources" / "artifact_io_manager.py"
    keys = set(re.findall(r'"(labelaudit/[a-z0-9_]+)"', source.read_text(encoding="utf-8")))
    assert len(keys) >= 6
    assert [key for key in sorted(keys) if not named(key)] == []
