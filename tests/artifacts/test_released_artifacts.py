"""Artifacts of every released version can be read, and older schemas are upgraded."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labelaudit_dagster.artifacts import (
    ArtifactNotFoundError,
    ArtifactSchemaError,
    ArtifactStore,
    Blob,
    Bundle,
    SchemaRegistry,
)

FOLDER = Path(__file__).parent
RELEASES = sorted(path.name for path in (FOLDER / "released").iterdir())


def maker() -> Any:
    spec = importlib.util.spec_from_file_location(
        "make_released_artifacts", FOLDER / "make_released_artifacts.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_artifacts_of_the_first_release() -> None:
    assert "0.1" in RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_artifacts_of_a_release_are_read(release: str) -> None:
    made = maker()
    store = ArtifactStore(FOLDER / "released" / release)
    assert store.assets() == ["bundle", "document", "raw", "table", "users"]
    first, second = store.versions("table")
    pd.testing.assert_frame_equal(
        store.load(first).drop(columns="factor"), made.table().drop(columns="factor")
    )
    assert [list(cell) for cell in store.load(first)["factor"]] == [[1.0, 2.0], [], [3.0]]
    assert store.current("table") == second
    assert len(store.load(second)) == 1
    document = store.current("document")
    assert document is not None
    assert store.load(document) == made.document()
    assert store.manifest(document).extra == {"source": "made up"}
    raw = store.current("raw")
    assert raw is not None
    assert store.load(raw) == b"\x1f\x8b raw"
    bundle = store.current("bundle")
    assert bundle is not None
    members = store.load(bundle)
    assert list(members) == ["frame", "manifest", "note"]
    assert members["manifest"] == made.document()
    assert store.resolve_upstream(bundle, "table") == first
    assert store.partitions("users") == sorted(["plain", "../x", "", made.LONG_KEY, "🙂"])
    for key in store.partitions("users"):
        user = store.current("users", key)
        assert user is not None
        assert store.load(user) == {"user": key}
        store.verify(user)
    assert [(pin.ref, pin.reason) for pin in store.pins("table")] == [
        (first, "published as number 1")
    ]


# ---- upgraders -----------------------------------------------------------------------------------


@pytest.fixture
def schemas() -> SchemaRegistry:
    """Version 2 renames a column and doubles it; version 3 adds one."""
    registry = SchemaRegistry()
    registry.register(
        "ratings",
        1,
        lambda frame: frame.rename(columns={"old": "new"}).assign(new=lambda f: f.new * 2),
    )
    registry.register("ratings", 2, lambda frame: frame.assign(extra=0))
    registry.register("document", 1, lambda document: {**document, "added": True})
    registry.register(
        "bundle", 1, lambda bundle: Bundle({**bundle, "table": bundle["frame"], "note": {"n": 1}})
    )
    return registry


def test_old_tables_are_upgraded_step_by_step_however_they_are_read(
    tmp_path: Path, schemas: SchemaRegistry
) -> None:
    old = ArtifactStore(tmp_path, schemas=SchemaRegistry())
    one = old.write("ratings", pd.DataFrame({"old": [1, 2]}))
    two = old.write("ratings", pd.DataFrame({"new": [2, 4]}), schema_version=2)
    store = ArtifactStore(tmp_path, schemas=schemas)
    three = store.write("ratings", pd.DataFrame({"new": [2, 4], "extra": [0, 0]}))
    assert [store.manifest(ref).schema_version for ref in (one, two, three)] == [1, 2, 3]
    expected = pd.DataFrame({"new": [2, 4], "extra": [0, 0]})
    for ref in (one, two, three):
        pd.testing.assert_frame_equal(store.load(ref), expected)
        pd.testing.assert_frame_equal(store.load_table(ref), expected)
        part = store.load_table(ref, columns=["new"], filters=[("new", ">", 2)])
        pd.testing.assert_frame_equal(part, pd.DataFrame({"new": [4]}))
        with pytest.raises(ArtifactNotFoundError, match="no column"):
            store.load_table(ref, columns=["old"])


def test_old_documents_and_bundles_are_upgraded(tmp_path: Path, schemas: SchemaRegistry) -> None:
    old = ArtifactStore(tmp_path, schemas=SchemaRegistry())
    document = old.write("document", {"a": 1})
    bundle = old.write("bundle", Bundle(frame=pd.DataFrame({"a": [1]}), raw=Blob(b"x")))
    store = ArtifactStore(tmp_path, schemas=schemas)
    assert store.load_json(document) == {"a": 1, "added": True}
    assert list(store.load(bundle)) == ["frame", "raw", "table", "note"]
    assert store.load_json(bundle, "note") == {"n": 1}
    assert store.load_bytes(bundle, "raw") == b"x"
    assert list(store.load_table(bundle, "table", columns=["a"])["a"]) == [1]
    with pytest.raises(ArtifactNotFoundError, match="in the current schema"):
        store.load_json(bundle, "absent")
    with pytest.raises(ArtifactNotFoundError, match="as table and not as json"):
        store.load_json(bundle, "table")


def test_a_missing_step_or_a_newer_schema_is_named(tmp_path: Path) -> None:
    registry = SchemaRegistry()
    registry.register("ratings", 2, lambda value: value)
    store = ArtifactStore(tmp_path, schemas=registry)
    with pytest.raises(ArtifactSchemaError, match="no upgrader leads from 1 to 2"):
        store.load(store.write("ratings", {"a": 1}, schema_version=1))
    with pytest.raises(ArtifactSchemaError, match="this release knows up to 3"):
        store.load(store.write("ratings", {"a": 1}, schema_version=4))
    with pytest.raises(ValueError, match="another upgrader from version 2"):
        registry.register("ratings", 2, lambda value: value)
    with pytest.raises(ValueError, match="another upgrader from version 0"):
        registry.register("ratings", 0, lambda value: value)
