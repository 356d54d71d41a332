"""The store on object stores: a real S3 protocol over HTTP, and fsspec's memory file system."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from upath import UPath

from labelaudit_dagster.artifacts import (
    ArtifactCorruptError,
    ArtifactNotFoundError,
    ArtifactStorageError,
    ArtifactStore,
    ArtifactValueError,
    Blob,
    Bundle,
)
from labelaudit_dagster.artifacts.object_storage import ObjectStorage

NASTY = ["a/b", "..", "", "x" * 300, "🙂 ?#%+", "Case", "case", "\x00"]


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, Any]]:
    """A running S3 server; yields the options of its file system."""
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("NO_PROXY", "127.0.0.1")
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        try:
            yield {
                "key": "testing",
                "secret": "testing",
                "endpoint_url": f"http://{host}:{port}",
            }
        finally:
            server.stop()


@pytest.fixture(params=["s3", "memory"])
def bucket(request: pytest.FixtureRequest) -> UPath:
    name = f"bucket-{uuid.uuid4().hex}"
    if request.param == "memory":
        return UPath(f"memory://{name}/prefix")
    root = UPath(f"s3://{name}/prefix", **request.getfixturevalue("s3"))
    root.fs.mkdir(name)
    return root


def test_everything_a_local_folder_can(bucket: UPath) -> None:
    store = ArtifactStore(bucket)
    assert store.current("table") is None
    assert store.assets() == store.versions("table") == store.partitions("table") == []
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
    table = store.write("table", frame)
    pd.testing.assert_frame_equal(store.load(table), frame)
    part = store.load_table(table, columns=["b"], filters=[("a", ">", 2)])
    assert list(part["b"]) == ["z"]
    bundle = store.write("bundle", Bundle(t=frame, j={"k": 1}, r=Blob(b"x")), inputs=[table])
    assert store.load(bundle)["j"] == {"k": 1}
    newer = store.write("table", frame.iloc[:1])
    assert store.current("table") == newer
    assert store.versions("table") == [table, newer]
    assert store.resolve_upstream(bundle, "table") == table
    assert store.location(table) == f"{str(bucket).rstrip('/')}/{table.path}"
    assert sorted(store.assets()) == ["bundle", "table"]


def test_nasty_partition_keys(bucket: UPath) -> None:
    store = ArtifactStore(bucket)
    refs = store.write_partitions("users", {key: {"key": key} for key in NASTY})
    assert store.partitions("users") == sorted(NASTY)
    for key, ref in refs.items():
        assert store.current("users", key) == ref
        assert store.load(ref) == {"key": key}


def test_other_processes_see_new_versions_at_once(bucket: UPath) -> None:
    reader, writer = ArtifactStore(bucket), ArtifactStore(bucket)
    for n in range(3):
        ref = writer.write("asset", n, partition=str(n))
        assert reader.partitions("asset") == [str(i) for i in range(n + 1)]
        assert reader.current("asset", str(n)) == ref
        assert reader.versions("asset", str(n)) == [ref]


def test_pruning_and_pins(bucket: UPath) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = ArtifactStore(bucket, clock=lambda: now)
    refs = [store.write("asset", n) for n in range(4)]
    store.pin(refs[0], "published")
    torn = store.write("torn", 1)
    bucket.fs.rm_file(f"{bucket.path}/{torn.path}/manifest.json")
    bucket.fs.rm_file(f"{bucket.path}/torn/current.json")
    late = ArtifactStore(bucket, clock=lambda: now + timedelta(days=9))
    assert late.prune(retention=1, grace=timedelta(days=1), dry_run=True).dry_run
    report = late.prune(retention=1, grace=timedelta(days=1))
    assert report.versions == tuple((ref.key, ref.version) for ref in refs[1:3])
    assert report.leftovers == (f"{torn.path}/data.json",)
    assert store.versions("asset") == [refs[0], refs[3]]
    assert store.assets() == ["asset"]
    assert [pin.reason for pin in store.pins("asset")] == ["published"]
    assert late.unpin(refs[0]) == 1


def test_damage_is_found(bucket: UPath) -> None:
    store = ArtifactStore(bucket)
    ref = store.write("asset", {"a": 1})
    path = f"{bucket.path}/{ref.path}/data.json"
    bucket.fs.pipe_file(path, b'{"a":2}')
    with pytest.raises(ArtifactCorruptError, match="differs from its hash"):
        store.load(ref)
    bucket.fs.rm_file(path)
    with pytest.raises(ArtifactCorruptError, match="is missing"):
        store.load(ref)
    bucket.fs.rm(f"{bucket.path}/{ref.path}", recursive=True)
    with pytest.raises(ArtifactNotFoundError, match="not in the store"):
        ArtifactStore(bucket).load(ref)


def test_a_bad_partition_leaves_nothing(bucket: UPath) -> None:
    store = ArtifactStore(bucket)
    with pytest.raises(ArtifactValueError, match="is nan"):
        store.write_partitions("parts", {"a": 1, "b": float("nan"), "c": 3})
    assert bucket.fs.find(bucket.path) == []


def test_concurrent_writers(bucket: UPath) -> None:
    written = []

    def write(writer: int) -> None:
        store = ArtifactStore(bucket)
        written.extend(store.write("asset", [writer] * 100) for _ in range(5))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = ArtifactStore(bucket)
    assert store.versions("asset") == sorted(written)
    current = store.current("asset")
    assert current in written
    assert len(set(store.load(current))) == 1


def test_current_is_replaced_by_a_single_request(s3: dict[str, Any], monkeypatch) -> None:
    root = UPath(f"s3://single-{uuid.uuid4().hex}/prefix", **s3)
    root.fs.mkdir(root.path.split("/")[0])
    store = ArtifactStore(root)
    calls: list[tuple[str, str]] = []
    original = root.fs._call_s3

    async def record(method: str, *args: Any, **kwargs: Any) -> Any:
        calls.append((method, str(kwargs.get("Key", ""))))
        return await original(method, *args, **kwargs)

    monkeypatch.setattr(type(root.fs), "_call_s3", staticmethod(record))
    store.write("asset", {"a": 1})
    puts = [key.rsplit("/", 1)[-1] for method, key in calls if method == "put_object"]
    assert puts == ["data.json", "manifest.json", "current.json"]
    assert not [call for call in calls if "list" in call[0]], "the write path lists no folders"
    calls.clear()
    current = store.current("asset")
    assert current is not None
    store.load(current)
    assert [(method, key.rsplit("/", 1)[-1]) for method, key in calls] == [
        ("get_object", "current.json"),
        ("get_object", "manifest.json"),
        ("get_object", "data.json"),
    ]


def test_a_missing_bucket_or_server_is_a_clear_error(s3: dict[str, Any]) -> None:
    store = ArtifactStore("s3://no-such-bucket/x", storage_options=s3)
    assert store.current("asset") is None
    with pytest.raises(ArtifactStorageError, match=r"Cannot write s3://no-such-bucket/x/asset"):
        store.write("asset", 1)
    wrong = {
        **s3,
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"total_max_attempts": 1}},
    }
    with pytest.raises(ArtifactStorageError, match="check the address"):
        ArtifactStore("s3://bucket/x", storage_options=wrong).current("asset")


def test_a_file_url_is_a_local_folder(tmp_path: Path) -> None:
    store = ArtifactStore(f"file://{tmp_path}/store")
    ref = store.write("asset", 1)
    assert not isinstance(store._storage, ObjectStorage)
    assert json.loads((tmp_path / "store" / ref.path / "data.json").read_bytes()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert ArtifactStore(UPath(tmp_path / "store")).current("asset") == ref
