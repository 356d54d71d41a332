"""Erasing a partition leaves nothing of it, and nothing else out."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from upath import UPath

from labelaudit_dagster.artifacts import (
    ArtifactNotFoundError,
    ArtifactStorageError,
    ArtifactStore,
    Bundle,
    ErasedCounts,
)
from labelaudit_dagster.artifacts.local_storage import LocalStorage

NAMES = ["ann", "..", "", "x" * 300, "a/b", "🙂", "\x00", "Case"]


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    root = tmp_path if request.param == "folder" else UPath(f"memory://{uuid.uuid4().hex}/prefix")
    return ArtifactStore(root)


def filled(store: ArtifactStore) -> None:
    for name in NAMES:
        for number in range(2):
            store.write("models", Bundle(a={"n": number}, b={"n": number}), partition=name)


def paths(store: ArtifactStore) -> set[str]:
    return {path for path, _ in store._storage.walk()}


@pytest.mark.parametrize("name", NAMES)
def test_every_version_goes_and_nobody_elses(store: ArtifactStore, name: str) -> None:
    filled(store)
    old, current = store.versions("models", name)
    store.pin(old, "evidence")
    store.manifest(current)  # known in memory from now on
    before = paths(store)
    assert store.erase("models", name).versions == 2
    assert store.current("models", name) is None
    assert store.versions("models", name) == []
    assert set(store.partitions("models")) == set(NAMES) - {name}
    with pytest.raises(ArtifactNotFoundError):
        store.load(current)
    gone = before - paths(store)
    assert {path.split("/")[1] for path in gone} == {current.key.split("/")[1]}
    assert not [path for path in paths(store) if path.startswith(f"{current.key}/")]
    for other in set(NAMES) - {name}:
        ref = store.current("models", other)
        assert ref is not None
        assert store.load(ref)["a"] == {"n": 1}
    assert store.erase("models", name) == ErasedCounts(0, 0)


def test_what_was_never_there_is_erased_without_a_trace(store: ArtifactStore) -> None:
    assert store.erase("models", "nobody") == ErasedCounts(0, 0)
    assert paths(store) == set()


def test_leftovers_of_killed_writers_go_too(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    ref = store.write("models", {"n": 1}, partition="ann")
    (tmp_path / ref.path / "manifest.json").unlink()
    (tmp_path / ref.key / f"current.json.{ref.version}.tmp").write_bytes(b"{")
    assert store.erase("models", "ann") == ErasedCounts(0, 3)
    assert paths(store) == set()


def test_an_erasure_that_was_refused_shows_no_torso_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore(tmp_path)
    filled(store)
    total = len([path for path in paths(store) if path.startswith("models/ann/")])
    delete = LocalStorage.delete
    for allowed in range(total):
        left = [allowed]

        def refuse(storage: LocalStorage, path: str, left: list[int] = left) -> None:
            if not left[0]:
                raise ArtifactStorageError("read-only")
            left[0] -= 1
            delete(storage, path)

        with monkeypatch.context() as patched:
            patched.setattr(LocalStorage, "delete", refuse)
            with pytest.raises(ArtifactStorageError):
                store.erase("models", "ann")
        # Whatever can still be found is whole.
        for ref in store.versions("models", "ann"):
            store.verify(ref)
        if allowed:
            assert store.current("models", "ann") is None
        left_over = [path for path in paths(store) if path.startswith("models/ann/")]
        assert sum(not path.endswith("/") for path in left_over) == total - allowed
        store.erase("models", "ann")
        assert not (tmp_path / "models" / "ann").exists()
        for number in range(2):
            store.write("models", Bundle(a={"n": number}, b={"n": number}), partition="ann")
