"""Documents that cannot be imported as a whole: one clear message each."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime

import pytest

from labelaudit_dagster.importers import ImportFailure, read_export

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LISTS = ("topics", "guidelines", "ratings", "users")
EMPTY = {key: [] for key in LISTS} | {"mu": 0.0}


def read(content: bytes, **options):
    return read_export(content, now=NOW, **options)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b"\n  <html>", "HTML"),
        (json.dumps(EMPTY).encode()[:-7], "not valid JSON"),
        (b'{"topics": [], "guidelines": [NaN', "not valid JSON"),
        (b"[]", "JSON array"),
        (b'"text"', "JSON string"),
        (b"null", "JSON null"),
        (b"7", "JSON number"),
        (b"true", "JSON truth value"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "depth limit"),
        (b"NaN" + b"[" * 100_000, "not valid JSON"),
        (b'{"a": NaN, "b": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b"\xff\xfe{\x00}\x00", "not valid"),
        (b'{"a": "\xff"}', "not valid"),
        (b'{"a": NaN, "b": "\\ud800"}', "not valid UTF-8"),
        (b"\x1f\x8bnot gzip after all", "gzip"),
        (gzip.compress(json.dumps(EMPTY).encode(), mtime=0)[:-9], "gzip"),
    ],
)
def test_unusable_document_is_refused_with_its_cause(content: bytes, expected: str):
    with pytest.raises(ImportFailure, match=expected) as caught:
        read(content)
    message = str(caught.value)
    assert "Traceback" not in message
    assert len(message) < 300


@pytest.mark.parametrize("key", LISTS)
def test_missing_list_is_named(key: str):
    document = {name: value for name, value in EMPTY.items() if name != key}
    with pytest.raises(ImportFailure, match=f"no list '{key}'"):
        read(json.dumps(document).encode())


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("value", [None, {}, "x", 3])
def test_list_of_another_type_is_named(key: str, value: object):
    with pytest.raises(ImportFailure, match=f"'{key}' is not a list"):
        read(json.dumps(EMPTY | {key: value}).encode())


def test_empty_lists_make_an_empty_community():
    community = read(json.dumps(EMPTY).encode())
    community.validate()
    assert len(community.guideline_ratings) == 0
    assert community.published is None
    assert community.warnings == {}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda content: content,
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: gzip.compress(content),
        lambda content: gzip.compress(b"\xef\xbb\xbf" + content),
        lambda content: io.BytesIO(content),
    ],
)
def test_accepted_wrappings_give_the_same_community(wrap):
    document = EMPTY | {"guidelines": [{"id": "g", "value": "Be kind."}], "users": [{"id": "u"}]}
    content = json.dumps(document).encode()
    assert read(wrap(content)).equals(read(content))


def test_missing_mu_is_no_failure():
    document = {key: [] for key in LISTS}
    document["users"] = [{"id": "u", "intercept": 0.5}]
    community = read(json.dumps(document).encode())
    assert community.published is None
    assert community.warnings == {"invalid_mu": 1}


def test_size_limit_counts_decompressed_bytes():
    content = json.dumps(EMPTY | {"padding": "x" * 50_000}).encode()
    assert read(gzip.compress(content), max_bytes=60_000).counts["participants"].rows_in == 0
    for document in (content, gzip.compress(content)):
        with pytest.raises(ImportFailure, match="limit of 40000 bytes"):
            read(document, max_bytes=40_000)


def test_now_must_name_its_zone():
    with pytest.raises(ValueError, match="time zone"):
        read_export(json.dumps(EMPTY).encode(), now=datetime(2026, 6, 1))
