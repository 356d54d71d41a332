"""Decompression: whole files come whole, and a missing end is noticed wherever it is cut."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.exceptions import DecodeError

from labelaudit_dagster.platform_client.gzip_stream import gunzipped


def blocks(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@settings(deadline=None)
@given(members=st.lists(st.binary(max_size=300), min_size=1, max_size=4), size=st.integers(1, 90))
def test_what_was_compressed_comes_back(members: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, members))
    for trailing in (b"", b"\0\0\0", b"something else"):
        found = b"".join(gunzipped(iter(blocks(packed + trailing, size))))
        assert found == b"".join(members)


@settings(deadline=None)
@given(content=st.binary(max_size=300), size=st.integers(1, 90), data=st.data())
def test_a_missing_end_is_noticed(content: bytes, size: int, data: st.DataObject) -> None:
    packed = gzip.compress(content)
    kept = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(DecodeError):
        list(gunzipped(iter(blocks(packed[:kept], size))))


def test_nothing_is_nothing_and_what_is_no_gzip_is_refused() -> None:
    assert list(gunzipped(iter([]))) == []
    with pytest.raises(DecodeError):
        list(gunzipped(iter([b"no gzip"])))


def test_a_bomb_comes_in_small_pieces() -> None:
    packed = gzip.compress(bytes(30 * 1024 * 1024))
    pieces = [len(piece) for piece in gunzipped(iter(blocks(packed, 1000)))]
    assert (sum(pieces), max(pieces)) == (30 * 1024 * 1024, 64 * 1024)
