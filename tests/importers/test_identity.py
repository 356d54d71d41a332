"""Recognising a source again, and keeping the ids of two sources apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from labelaudit_dagster.importers import (
    SourceIdentity,
    guideline_fingerprint,
    merge_prefix,
    read_export,
    same_source,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def identity(*texts: str, name: str | None = None, kind: str = "export") -> SourceIdentity:
    return SourceIdentity(kind, name, guideline_fingerprint(enumerate_pairs(texts)))


def enumerate_pairs(texts):
    return [(str(number), text) for number, text in enumerate(texts)]


def test_declared_names_decide():
    assert same_source(identity("a", name="x"), identity("b", name="x"))
    assert not same_source(identity("a", name="x"), identity("a", name="y"))
    assert same_source(identity("a", name="x"), identity("a"))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("abcd", "abcd", True),
        ("abcd", "ab", True),
        ("abcd", "abxy", True),
        ("abcd", "axyz", False),
        ("abcd", "bcda", False),  # same texts under other ids
        ("abcdefgh", "a", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_half_of_the_smaller_set_must_be_shared(first, second, same):
    assert same_source(identity(*first), identity(*second, kind="polis")) is same
    assert same_source(identity(*second), identity(*first)) is same


def test_id_and_text_are_not_confused():
    assert guideline_fingerprint([("1", "1a")]) != guideline_fingerprint([("11", "a")])


def test_stored_identity_reads_back():
    original = identity("a", "Käse", "🦉", name="https://example.org/x")
    text = json.dumps(original.to_json())
    assert SourceIdentity.from_json(json.loads(text)) == original
    assert len(original.to_json()["fingerprint"]) == 3 * 16
    # Written down so that stored identities stay readable.
    assert identity("a").to_json() == {
        "kind": "export",
        "name": None,
        "fingerprint": "d874428d569c3ce5",
    }


@pytest.mark.parametrize(
    "document", [{}, {"kind": "x", "name": None, "fingerprint": "abc"}, None, {"fingerprint": 3}]
)
def test_damaged_identity_is_refused(document):
    with pytest.raises(ValueError, match="not a stored source identity"):
        SourceIdentity.from_json(document)


def test_prefix_is_put_before_every_id():
    document = {
        "topics": [{"id": "t", "title": "T"}, {"id": "s", "title": "S", "parentId": "t"}],
        "guidelines": [{"id": "g", "value": "x", "topicId": "s", "intercept": 0.5}, {"id": ""}],
        "users": [{"id": "u", "embeddings": [0.5]}],
        "ratings": [{"authorId": "u", "guidelineId": "g", "rating": "helpful"}],
        "mu": 0.25,
    }
    community = read_export(json.dumps(document).encode(), now=NOW)
    merged = merge_prefix(community, "a:")
    merged.validate()
    assert merged.topics["topic_id"].tolist() == ["a:s", "a:t"]
    assert merged.topics["parent_id"].fillna("-").tolist() == ["a:t", "-"]
    assert merged.guidelines["topic_id"].tolist() == ["a:s"]
    assert merged.guidelines["author_id"].isna().all()
    assert merged.guideline_ratings["participant_id"].tolist() == ["a:u"]
    assert merged.guideline_ratings["guideline_id"].tolist() == ["a:g"]
    assert merged.published.guideline_intercepts.to_dict() == {"a:g": 0.5}
    assert merged.published.user_embeddings.index.tolist() == ["a:u"]
    assert merged.quarantine.equals(community.quarantine)
    assert merged.identity == community.identity
    assert community.guidelines["guideline_id"].tolist() == ["g"]


@pytest.mark.parametrize("prefix", ["", "a\0"])
def test_unusable_prefix_is_refused(prefix):
    document = {"topics": [], "guidelines": [], "users": [], "ratings": [], "mu": 0}
    community = read_export(json.dumps(document).encode(), now=NOW)
    with pytest.raises(ValueError, match="prefix"):
        merge_prefix(community, prefix)


def test_default_prefix_follows_the_name():
    assert identity("a", name="x").prefix == identity("b", name="x").prefix
    assert identity("a", name="x").prefix != identity("a", name="y").prefix
    assert identity("a").prefix != identity("b").prefix
    assert len(identity("a").prefix) == 9
