"""Versions, what is current, manifests, damage, lineage, several partitions, concurrency."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from labelaudit_dagster.artifacts import (
    ArtifactCorruptError,
    ArtifactError,
    ArtifactLineageError,
    ArtifactNotFoundError,
    ArtifactRef,
    ArtifactSchemaError,
    ArtifactStorageError,
    ArtifactStore,
    ArtifactValueError,
    Bundle,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


def test_every_write_is_a_new_version_and_the_last_is_current(store: ArtifactStore) -> None:
    assert store.current("asset") is None
    assert store.versions("asset") == []
    refs = [store.write("asset", {"n": n}) for n in range(5)]
    assert store.versions("asset") == refs
    assert store.current("asset") == refs[-1]
    assert [store.load(ref) for ref in refs] == [{"n": n} for n in range(5)]
    assert store.assets() == ["asset"]
    assert store.partitions("asset") == []


def test_partitions_and_the_whole_live_side_by_side(store: ArtifactStore) -> None:
    whole = store.write("asset", "whole")
    part = store.write("asset", "part", partition="p")
    empty = store.write("asset", "empty", partition="")
    assert store.partitions("asset") == ["", "p"]
    assert store.versions("asset") == [whole]
    assert store.versions("asset", "p") == [part]
    assert store.load(empty) == "empty"
    assert store.current("asset") == whole


def test_the_manifest_says_what_was_written(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, clock=lambda: NOON)
    upstream = store.write("upstream", {"a": 1}, partition="ü")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    ref = store.write(
        "table",
        frame,
        run_id="run-1",
        code_version="7",
        schema_version=1,
        inputs=[upstream],
        extra={"source": {"rows": 2}},
    )
    document = json.loads((tmp_path / ref.path / "manifest.json").read_bytes())
    data = (tmp_path / ref.path / "data.parquet").read_bytes()
    assert document == {
        "manifest_version": 1,
        "asset": "table",
        "partition": None,
        "version": ref.version,
        "created_at": "2026-01-31T12:00:00+00:00",
        "kind": "table",
        "schema_version": 1,
        "run_id": "run-1",
        "code_version": "7",
        "inputs": {"upstream/!c3!bc": upstream.version},
        "extra": {"source": {"rows": 2}},
        "files": {
            "data.parquet": {
                "name": "data",
                "kind": "table",
                "sha256": hashlib.sha256(data).hexdigest(),
                "size": len(data),
                "row_count": 2,
                "columns": [
                    {"name": "a", "type": "int64"},
                    {"name": "b", "type": "large_string"},
                ],
            }
        },
    }
    manifest = ArtifactStore(tmp_path).manifest(ref)
    assert manifest.ref == ref
    assert manifest.created_at == NOON
    assert manifest.size == len(data)
    assert store.location(ref) == str(tmp_path / ref.path)
    assert store.verify(ref) == manifest
    pointer = store.current_pointer("table")
    assert pointer is not None
    assert (pointer.ref, pointer.run_id, pointer.updated_at) == (ref, "run-1", NOON)


def test_versions_rise_across_processes_though_the_clock_went_back(tmp_path: Path) -> None:
    first = ArtifactStore(tmp_path, clock=lambda: NOON).write("asset", 1)
    second = ArtifactStore(tmp_path, clock=lambda: NOON - timedelta(days=1)).write("asset", 2)
    store = ArtifactStore(tmp_path)
    assert store.versions("asset") == [first, second]
    assert store.current("asset") == second


# ---- damage ----------------------------------------------------------------------------------


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("value", [{"a": 1}, pd.DataFrame({"a": [1]}), b"raw"], ids=str)
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip, "differs from its hash"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes where the manifest says"),
        (Path.unlink, "is missing"),
    ],
)
def test_damaged_data_is_never_handed_out(tmp_path, store, value, damage, message) -> None:
    ref = store.write("asset", value, partition="p")
    (data,) = (p for p in (tmp_path / ref.path).iterdir() if p.name.startswith("data"))
    damage(data)
    for read in (store.load, store.verify):
        with pytest.raises(ArtifactCorruptError, match=message) as error:
            read(ref)
        assert "asset['p']" in str(error.value)
        assert ref.version in str(error.value)


@pytest.mark.parametrize("columns", [None, ["a"]])
def test_a_damaged_table_is_an_error_however_it_is_read(tmp_path, store, columns) -> None:
    ref = store.write("asset", pd.DataFrame({"a": [1]}))
    (tmp_path / ref.path / "data.parquet").write_bytes(b"PAR1")
    with pytest.raises(ArtifactCorruptError, match=ref.version):
        store.load_table(ref, columns=columns)
    (tmp_path / ref.path / "data.parquet").unlink()
    with pytest.raises(ArtifactCorruptError, match="missing"):
        store.load_table(ref, columns=columns)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"manifest_version": "x"}', "\xff"])
def test_a_damaged_manifest_or_pointer_is_named_and_a_new_version_heals(
    tmp_path: Path, text: str
) -> None:
    ref = ArtifactStore(tmp_path).write("asset", 1)
    store = ArtifactStore(tmp_path)
    (tmp_path / ref.path / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(ArtifactCorruptError, match=f"manifest of asset version {ref.version}"):
        store.load(ref)
    (tmp_path / "asset" / "current.json").write_text(text, encoding="latin-1")
    with pytest.raises(ArtifactCorruptError, match=r"current.json of asset is damaged"):
        store.current("asset")
    healed = store.write("asset", 2)
    assert store.current("asset") == healed


def test_versions_of_a_newer_release_are_refused_by_name(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    ref = store.write("asset", 1, schema_version=2)
    with pytest.raises(ArtifactSchemaError, match="asset is stored with schema version 2"):
        store.load(ref)
    path = tmp_path / ref.path / "manifest.json"
    path.write_text(path.read_text().replace('"manifest_version": 1', '"manifest_version": 2'))
    with pytest.raises(ArtifactSchemaError, match="has manifest version 2"):
        ArtifactStore(tmp_path).load(ref)


def test_a_version_that_is_not_there_is_named(store: ArtifactStore) -> None:
    ref = ArtifactRef("asset", None, "20260131T120000.000001Z-9f8e7d6c5b")
    for read in (store.load, store.manifest, store.verify, lambda r: store.pin(r, "why")):
        with pytest.raises(ArtifactNotFoundError, match=f"asset version {ref.version}"):
            read(ref)


# ---- lineage ---------------------------------------------------------------------------------


def test_upstream_versions_are_those_it_was_made_from_not_the_current_ones(store) -> None:
    ratings = store.write("ratings", 1)
    matrix = store.write("matrix", 2, inputs=[ratings])
    constitution = store.write("constitution", 3, inputs=[matrix])
    store.write("ratings", 4)
    store.write("matrix", 5)
    assert store.resolve_upstream(constitution, "ratings") == ratings
    assert store.resolve_upstream(constitution, "matrix") == matrix
    assert store.resolve_upstream(constitution, "constitution") == constitution
    with pytest.raises(ArtifactLineageError, match="was not made from comments"):
        store.resolve_upstream(constitution, "comments")
    with pytest.raises(ArtifactLineageError, match="was not made from ratings/p"):
        store.resolve_upstream(constitution, "ratings", "p")


def test_the_nearest_generation_wins_and_a_tie_is_an_error(store: ArtifactStore) -> None:
    old, new = store.write("ratings", 1), store.write("ratings", 2)
    left = store.write("left", 1, inputs=[old])
    right = store.write("right", 1, inputs=[new])
    with pytest.raises(ArtifactLineageError, match="several versions of ratings"):
        store.resolve_upstream(store.write("view", 1, inputs=[left, right]), "ratings")
    near = store.write("view", 1, inputs=[left, new])
    assert store.resolve_upstream(near, "ratings") == new


def test_inputs_are_one_version_of_each_artifact(store: ArtifactStore) -> None:
    old, new = store.write("ratings", 1), store.write("ratings", 2)
    with pytest.raises(ArtifactLineageError, match="Two versions of ratings"):
        store.write("view", 1, inputs=[old, new])
    assert store.current("view") is None
    part = store.write("ratings", 3, partition="p")
    view = store.write("view", 1, inputs=iter([part, new, new]))
    assert store.manifest(view).inputs == {"ratings": new.version, "ratings/p": part.version}


# ---- several partitions ------------------------------------------------------------------------


def test_partitions_are_written_together_under_one_version(store: ArtifactStore) -> None:
    upstream = {key: store.write("labels", key, partition=key) for key in "abc"}
    store.write("models", "before", partition="b")
    refs = store.write_partitions(
        "models", {key: {"user": key} for key in "cab"}, inputs=lambda key: [upstream[key]]
    )
    assert list(refs) == ["c", "a", "b"]
    assert len({ref.version for ref in refs.values()}) == 1
    for key, ref in refs.items():
        assert store.current("models", key) == ref
        assert store.load(ref) == {"user": key}
        assert store.manifest(ref).inputs == {f"labels/{key}": upstream[key].version}
    assert len(store.versions("models", "b")) == 2


def test_one_bad_partition_leaves_all_as_they_were(tmp_path: Path, store: ArtifactStore) -> None:
    before = store.write("models", 1, partition="0")
    values = {str(n): {"n": n if n != 37 else float("nan")} for n in range(60)}
    with pytest.raises(ArtifactValueError, match="models/37"):
        store.write_partitions("models", values)
    assert store.partitions("models") == ["0"]
    assert store.current("models", "0") == before
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == [
        "models/0/" + name
        for name in (
            f"{before.version}/data.json",
            f"{before.version}/manifest.json",
            "current.json",
        )
    ]


# ---- reading without permission to write ---------------------------------------------------------


def test_reading_writes_nothing(tmp_path: Path, store: ArtifactStore) -> None:
    ref = store.write("t", Bundle(table=pd.DataFrame({"a": [1, 2]}), doc=[1]), partition="x" * 300)
    store.pin(ref, "published")
    script = """
        import os, sys
        root = sys.argv[1]
        touched = []
        WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.utime",
                   "os.chmod", "os.link", "os.symlink"}
        def watch(event, args):
            if event == "open" and str(args[0]).startswith(root) and args[2] & WRITING:
                touched.append((event, args[0]))
            elif event in CHANGES and str(args[0]).startswith(root):
                touched.append((event, args[0]))
        sys.addaudithook(watch)
        from datetime import timedelta
        from labelaudit_dagster.artifacts import ArtifactStore
        store = ArtifactStore(root)
        (key,) = store.partitions(store.assets()[0])
        ref = store.current("t", key)
        assert store.load(ref)["doc"] == [1]
        assert list(store.load_table(ref, "table", columns=["a"])["a"]) == [1, 2]
        assert store.versions("t", key) == [store.verify(ref).ref]
        assert len(store.pins("t", key)) == 1
        store.prune(retention=1, grace=timedelta(0), dry_run=True)
        assert store.current("absent") is None
        assert not touched, touched
        try:
            store.write("other", 1)
        finally:
            assert touched  # the watch does see writing
        print("read everything")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "read everything\n", done.stderr


def test_a_root_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ArtifactStore(tmp_path / "file" / "store")
    assert store.current("asset") is None
    assert store.assets() == []
    with pytest.raises(ArtifactStorageError, match=r"Cannot write .*file"):
        store.write("asset", 1)


# ---- concurrency ---------------------------------------------------------------------------------


def test_concurrent_writers_and_readers_never_see_anything_torn(tmp_path: Path) -> None:
    problems: list[BaseException] = []
    written: list[ArtifactRef] = []
    done = threading.Event()
    ArtifactStore(tmp_path).write("asset", {"writer": -1, "numbers": []})

    def write(writer: int) -> None:
        store = ArtifactStore(tmp_path)  # as another process would
        for n in range(25):
            value = {"writer": writer, "numbers": [n] * 2000}
            written.append(store.write("asset", value, extra={"writer": writer, "n": n}))

    def read() -> None:
        store = ArtifactStore(tmp_path)
        while not done.is_set():
            try:
                current = store.current("asset")
                assert current is not None
                value = store.load(current)
                assert len(set(value["numbers"])) <= 1
            except (ArtifactError, AssertionError) as error:
                problems.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in [*readers, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    store = ArtifactStore(tmp_path)
    assert problems == []
    assert len(written) == 100
    assert store.versions("asset")[1:] == sorted(written)
    assert store.current("asset") in written
    for ref in written:
        assert store.load(ref)["writer"] == store.manifest(ref).extra["writer"]


def test_pruning_empty_folders_does_not_disturb_writers(tmp_path: Path) -> None:
    stop = threading.Event()

    def prune_often() -> None:
        store = ArtifactStore(tmp_path)
        while not stop.is_set():
            store.prune(retention=1, grace=timedelta(seconds=30))

    pruner = threading.Thread(target=prune_often)
    pruner.start()
    try:
        store = ArtifactStore(tmp_path)
        refs = [store.write("asset", n, partition=str(n)) for n in range(100)]
    finally:
        stop.set()
        pruner.join()
    assert [store.load(ref) for ref in refs] == list(range(100))


def test_importing_the_package_is_cheap() -> None:
    script = (
        "import sys, labelaudit_dagster.artifacts as a; a.ArtifactStore('/nowhere').current('x');"
        "heavy = {'pandas', 'pyarrow', 'numpy', 'fsspec', 'upath', 'dagster', 'jax', 'pydantic'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
