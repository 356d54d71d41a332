"""Any key becomes one harmless path part, and comes back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labelaudit_dagster.artifacts import ArtifactKeyError, ArtifactStore, decode_key, encode_key
from labelaudit_dagster.artifacts.path_encoding import MAX_PART_LENGTH, is_shortened
from labelaudit_dagster.artifacts.pointers import CURRENT_FILE
from labelaudit_dagster.artifacts.version_ids import is_version

SAFE = re.compile(r"[a-z0-9_!-]+")
KEYS = st.text(max_size=400)

NASTY = [
    "",
    ".",
    "..",
    "../x",
    "/",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "NUL",
    "nul",
    "com1",
    "\x00",
    "a\nb",
    " ",
    "x" * 300,
    "X" * 300,
    "🙂",
    "🙂" * 300,
    "é",
    "e\u0301",
    "Case",
    "case",
    "!",
    "!2e!2e",
    "current.json",
    "key.json",
    "~root",
    "a=b",
    "%2e%2e",
    "20260131T120000.000001Z-9f8e7d6c5b",
    "-rf",
    "?*[a]",
]


@given(KEYS)
@example("..")
@example("\x00")
@example("!-" + "0" * 64)
@example("é" * 22)
def test_a_part_is_safe_everywhere(key: str) -> None:
    part = encode_key(key)
    assert SAFE.fullmatch(part)
    assert len(part) <= MAX_PART_LENGTH
    assert not is_version(part)
    assert part != CURRENT_FILE


@given(KEYS)
@example("e\u0301")
def test_a_part_is_decoded_or_known_to_be_shortened(key: str) -> None:
    part = encode_key(key)
    if is_shortened(part):
        assert len(key.encode()) * 3 > MAX_PART_LENGTH
        assert decode_key(part) is None
    else:
        assert decode_key(part) == key


@given(KEYS, KEYS)
@example("Case", "case")
@example("a" * 300, "a" * 299 + "b")
@example("a" * 300, "A" * 300)
@example("İ", "i\u0307")
def test_two_keys_never_meet_even_where_case_is_ignored(one: str, other: str) -> None:
    assert (encode_key(one).casefold() == encode_key(other).casefold()) == (one == other)


@given(st.text(alphabet="abc!0123456789ef-_.Z", max_size=12))
def test_decoding_accepts_only_what_encoding_makes(part: str) -> None:
    key = decode_key(part)
    assert key is None or encode_key(key) == part


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ArtifactKeyError, match="half a surrogate pair at position 1"):
        encode_key("a\ud800")


def test_a_store_keeps_nasty_keys_apart_and_lists_them(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "store")
    assert len(set(NASTY)) == len(NASTY)
    for position, key in enumerate(NASTY):
        store.write("users", {"position": position}, partition=key)
        store.write(key, {"asset": position})
    assert store.partitions("users") == sorted(NASTY)
    assert store.assets() == sorted([*NASTY, "users"])
    for position, key in enumerate(NASTY):
        current = store.current("users", key)
        assert current is not None
        assert store.load(current) == {"position": position}
        own = store.current(key)
        assert own is not None
        assert store.load(own) == {"asset": position}
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert max(len(path.name.encode()) for path in tmp_path.rglob("*")) <= 255


def test_a_damaged_key_file_is_not_believed(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    store.write("users", {}, partition="x" * 300)
    (key_file,) = tmp_path.rglob("key.json")
    key_file.write_text('{"key":"another"}')
    assert store.partitions("users") == []
    assert store.current("users", "x" * 300) is not None
