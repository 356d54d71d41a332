"""Frames, documents, bytes and bundles come back as they were, or are refused with a reason."""

from __future__ import annotations

import enum
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.artifacts import (
    ArtifactNotFoundError,
    ArtifactStore,
    ArtifactValueError,
    Blob,
    Bundle,
)
from labelaudit_dagster.artifacts.json_documents import decode_json, encode_json
from labelaudit_dagster.artifacts.tables import encode_table


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": ["a", None, "🙂"],
            "count": np.array([1, 2**62, -3], dtype="int64"),
            "share": np.array([0.1, np.nan, 1e-300], dtype="float64"),
            "small": np.array([0.5, 0.25, 1.0], dtype="float32"),
            "flag": [True, False, True],
            "when": pd.to_datetime(
                ["2026-01-01 00:00:00.5", None, "2026-01-02 03:04:05.1"], utc=True
            ),
            "kind": pd.Categorical(["x", "y", "x"], categories=["y", "x"]),
            "whole": pd.array([1, None, 3], dtype="Int64"),
        }
    )


def test_a_frame_comes_back_the_same(store: ArtifactStore) -> None:
    ref = store.write("table", frame())
    pd.testing.assert_frame_equal(store.load(ref), frame())
    pd.testing.assert_frame_equal(store.load_table(ref), frame())
    manifest = store.manifest(ref)
    assert manifest.kind == "table"
    assert manifest.row_count == 3
    assert manifest.columns is not None
    assert dict(manifest.columns)["count"] == "int64"


def test_lists_in_cells_come_back_as_arrays(store: ArtifactStore) -> None:
    ref = store.write("table", pd.DataFrame({"factor": [[1.0, 2.0], [3.0]]}))
    assert [list(cell) for cell in store.load(ref)["factor"]] == [[1.0, 2.0], [3.0]]


def test_an_empty_frame_keeps_its_columns(store: ArtifactStore) -> None:
    empty = frame().iloc[:0]
    loaded = store.load(store.write("table", empty))
    assert list(loaded.columns) == list(empty.columns)
    assert len(loaded) == 0
    assert len(store.load(store.write("nothing", pd.DataFrame()))) == 0


def test_columns_and_rows_are_chosen_while_reading(store: ArtifactStore) -> None:
    ref = store.write("table", frame())
    part = store.load_table(ref, columns=["share", "text"], filters=[("count", ">", 0)])
    assert list(part.columns) == ["share", "text"]
    assert part["text"].iloc[0] == "a"
    assert len(part) == 2
    with pytest.raises(ArtifactNotFoundError, match="no column 'rating'"):
        store.load_table(ref, columns=["rating"])


def test_equal_frames_have_equal_bytes_whatever_their_index_or_history() -> None:
    one = frame()
    other = pd.concat([frame().iloc[:1], frame().iloc[1:]])
    other.index = pd.Index([7, 3, 5])
    other.attrs["made"] = "elsewhere"
    other["kind"] = other["kind"].astype(one["kind"].dtype)
    assert encode_table(one, "a")[0] == encode_table(other, "b")[0]
    changed = frame()
    changed.loc[0, "share"] = 0.2
    assert encode_table(one, "a")[0] != encode_table(changed, "a")[0]


def test_tables_are_compressed_with_zstd(store: ArtifactStore, tmp_path: Path) -> None:
    ref = store.write("table", frame())
    column = pq.read_metadata(tmp_path / ref.path / "data.parquet").row_group(0).column(0)
    assert column.compression == "ZSTD"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (frame().set_index("text"), r"reset_index\(\)"),
        (frame().set_index(["text", "count"]), r"reset_index\(\)"),
        (pd.DataFrame({"a": [1]}, index=["x"]), r"reset_index\(\)"),
        (pd.DataFrame({0: [1]}), "column name that is no string"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "the column 'a' twice"),
        (pd.DataFrame({"a": [1, "x"]}), "give each column one type"),
        (pd.DataFrame({"a": [object()]}), "give each column one type"),
    ],
)
def test_frames_that_would_lose_something_are_refused(
    store: ArtifactStore, bad: pd.DataFrame, message: str
) -> None:
    with pytest.raises(ArtifactValueError, match=message) as error:
        store.write("ratings", bad)
    assert "ratings" in str(error.value)
    assert store.assets() == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_documents_come_back_the_same_and_bytes_do_not_depend_on_key_order(document: Any) -> None:
    data = encode_json(document)
    assert decode_json(data) == document
    if isinstance(document, dict):
        assert encode_json(dict(reversed(document.items()))) == data


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"a": {"b": [1.0, float("nan")]}}, r"\$\.a\.b\[1\] is nan"),
        ([float("inf")], r"\$\[0\] is inf"),
        ({1: 2}, r"\$ has the key 1, which is no string"),
        ({"a": [{"b": np.float64(1)}]}, r"\$\.a\[0\]\.b is a numpy\.float64"),
        ({"a": np.array([1])}, r"\$\.a is a numpy\.ndarray"),
        ({"a": datetime(2026, 1, 1, tzinfo=UTC)}, r"\$\.a is a datetime\.datetime"),
        ({"a": uuid.UUID(int=1)}, r"\$\.a is a uuid\.UUID"),
        ({"a": [Colour.RED]}, r"\$\.a\[0\] is a .*Colour"),
        ({"a": {1, 2}}, r"\$\.a is a builtins\.set"),
        ({"a": 2**64}, "64"),
        ({"a": "\ud800"}, "surrogates"),
        ({"a": b"x"}, r"\$\.a is a builtins\.bytes"),
        ({"a": pd.DataFrame()}, r"\$\.a is a pandas.*DataFrame"),
    ],
)
def test_documents_that_json_cannot_hold_are_refused_with_the_position(
    store: ArtifactStore, bad: Any, message: str
) -> None:
    with pytest.raises(ArtifactValueError, match=message):
        store.write("document", bad)
    assert store.assets() == []


def test_endless_nesting_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ArtifactValueError, match="nested too deeply"):
        encode_json(deep)


@settings(max_examples=20, deadline=None)
@given(st.binary())
def test_bytes_are_kept_verbatim(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    ref = store.write("raw", Blob(data, suffix=".json.gz"))
    assert list(store.manifest(ref).files) == ["data.json.gz"]
    assert store.load(ref) == data
    assert store.load_bytes(ref) == data


@pytest.mark.parametrize("suffix", ["", "gz", ".", "./x", "..", ".GZ", "/.gz", ".a.b.c.d.e"])
def test_suffixes_that_could_leave_the_folder_are_refused(suffix: str) -> None:
    with pytest.raises(ArtifactValueError, match="cannot end a file name"):
        Blob(b"", suffix=suffix)


def test_a_bundle_holds_several_files_in_one_version(store: ArtifactStore, tmp_path: Path) -> None:
    bundle = Bundle(
        {"table": frame(), "manifest": {"a": 1}, "../x": [1], "raw": Blob(b"x", ".txt")}
    )
    ref = store.write("result", bundle)
    assert sorted(path.name for path in (tmp_path / ref.path).iterdir()) == [
        "!2e!2e!2fx.json",
        "!6danifest.json",
        "manifest.json",
        "raw.txt",
        "table.parquet",
    ]
    loaded = store.load(ref)
    assert isinstance(loaded, Bundle)
    assert list(loaded) == ["../x", "manifest", "raw", "table"]
    pd.testing.assert_frame_equal(loaded["table"], frame())
    assert loaded["manifest"] == {"a": 1}
    assert loaded["raw"] == b"x"
    assert store.load_json(ref, "../x") == [1]
    assert store.load_bytes(ref, "raw") == b"x"
    assert list(store.load_table(ref, "table", columns=["flag"])["flag"]) == [True, False, True]
    manifest = store.manifest(ref)
    assert (manifest.kind, manifest.row_count, manifest.columns) == ("bundle", None, None)
    with pytest.raises(ArtifactNotFoundError, match="holds no json named 'table'"):
        store.load_json(ref, "table")
    with pytest.raises(ArtifactNotFoundError, match="holds no table named 'other'"):
        store.load_table(ref, "other")


def test_bundles_within_bundles_empty_ones_and_nothing_are_refused(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactValueError, match="flatten"):
        Bundle(a=Bundle(b=1))
    with pytest.raises(ArtifactValueError, match="at least one"):
        Bundle()
    with pytest.raises(ArtifactValueError, match="is None"):
        store.write("nothing", None)
    with pytest.raises(ArtifactValueError, match="member 'b', is None"):
        store.write("nothing", Bundle(a=1, b=None))
    assert store.assets() == []


def test_the_content_hash_is_equal_for_equal_content_only(store: ArtifactStore) -> None:
    def content_hash(value: Any) -> str:
        return store.manifest(store.write("x", value)).content_hash

    assert content_hash(Bundle(a=1, b=[2])) == content_hash(Bundle(b=[2], a=1))
    assert content_hash(Bundle(a=1, b=[2])) != content_hash(Bundle(a=[2], b=1))
    assert content_hash({"a": 1}) != content_hash({"a": 2})
