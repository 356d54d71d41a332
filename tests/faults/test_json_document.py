"""Which documents are worth another attempt, and which are taken as they are."""

from __future__ import annotations

import json

import pytest

from labelaudit_dagster.platform_client import BadAnswer, Unacceptable
from labelaudit_dagster.platform_client.json_document import read_object

DOCUMENT = {"a": [1, -2.5e-7, True, None, 'x\u1234\\"y😀}', {"b": False}], "c": "d}"}


def verdict(body):
    """Return None for a good document, else whether it may pass."""
    try:
        read_object(body, "advice")
    except Unacceptable as refused:
        return refused.may_pass
    return None


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(DOCUMENT).encode(),
        json.dumps(DOCUMENT, ensure_ascii=False).encode(),
        json.dumps(DOCUMENT, indent=1).encode(),
        b'{"n": NaN, "i": -Infinity, "e": 1e999, "s": "\\ud83d", "z": ' + b"9" * 30 + b"}",
    ],
)
def test_a_document_cut_anywhere_may_come_whole_the_next_time(body):
    assert verdict(body) is None
    for end in range(len(body)):
        assert verdict(body[:end]) is True, body[:end]


@pytest.mark.parametrize(
    "body",
    [
        b'{"mu": NaN}',
        b'{"mu": 1e999}',
        b'{"text": "half an emoji: \\ud83d"}',
        b'{"mu": ' + b"9" * 10_000 + b"}",
        b'\xef\xbb\xbf{"mu": 1}',
        b' \r\n{"mu": 1}\n',
        b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}",
    ],
)
def test_what_harms_single_cells_only_is_left_to_the_importer(body):
    assert verdict(body) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "not JSON"),
        (b"OK", "not JSON"),
        (b"null", "a JSON null"),
        (b"7", "a JSON number"),
        (b'"text"', "a JSON string"),
        (b"true", "a JSON boolean"),
        (b"[1]", "a JSON list"),
        (b'{"a": 1} {"b": 2}', "invalid JSON"),
        (b"{'a': 1}", "invalid JSON"),
        (b'{"a": 1,}', "invalid JSON"),
        (b'{"a": "\n"}', "invalid JSON"),
        (b'{"a": "\xff"}', "no UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "no UTF-8"),
        (b"[" * 5_000_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b'{"n": NaN, "a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"s": "\\ud83d", "a":' + b"[" * 900_000 + b"]" * 900_000 + b"}", "nested too deeply"),
    ],
)
def test_a_wrong_document_stays_wrong(body, reason):
    with pytest.raises(Unacceptable, match=reason) as caught:
        read_object(body, "advice")
    assert not caught.value.may_pass


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ratings", None, "wrong type of ratings"),
        ("ratings", {}, "wrong type of ratings"),
        ("users", "all", "wrong type of users"),
        ("mu", "0.3", "wrong type of mu"),
        ("mu", True, "wrong type of mu"),
        ("mu", [], "wrong type of mu"),
        ("topics", ..., "no list of topics"),
        ("guidelines", ..., "no list of guidelines"),
    ],
)
def test_export_of_another_form_is_refused_once(name, value, complaint, platform, make_client):
    document = {**platform.export, name: value}
    if value is ...:
        del document[name]
    platform.export = json.dumps(document).encode()
    with pytest.raises(BadAnswer, match=complaint):
        make_client().fetch_export()
    assert len(platform.requests) == 1


@pytest.mark.parametrize("mu", [None, 0, -0.25, ...])
def test_mu_may_be_absent_before_the_first_publication(mu, platform, make_client):
    document = {**platform.export, "mu": mu}
    if mu is ...:
        del document["mu"]
    platform.export = json.dumps(document).encode()
    assert make_client().fetch_export().body == platform.export


def test_only_the_lists_that_were_asked_for_are_expected(platform, make_client):
    snapshot = make_client().fetch_export(topics=False, users=False, mu=False)
    assert platform.requests[0].query == "guidelines=True&ratings=True"
    assert set(json.loads(snapshot.body)) == {"guidelines", "ratings"}
