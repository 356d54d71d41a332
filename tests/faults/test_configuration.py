"""Keys, addresses, limits and documents that are refused before anything is sent."""

from __future__ import annotations

import copy
import json
import math
import pickle

import pytest

from labelaudit_dagster.platform_client import (
    ApiKey,
    HttpPolicy,
    Misconfigured,
    PlatformClient,
    PlatformError,
    clean_api_key,
)


@pytest.mark.parametrize("key", [None, "", " \r\n\t"])
def test_missing_key_is_named_before_anything_is_sent(key, platform, make_client):
    with pytest.raises(Misconfigured, match="LABELAUDIT_PLATFORM_API_KEY is not set"):
        make_client(api_key=key)
    assert not platform.requests


@pytest.mark.parametrize("key", ["abc\r\nX-Admin: 1", "abc def", "schlüssel", "a\x00b", "a\x7fb"])
def test_unsendable_key_is_refused_without_being_shown(key):
    with pytest.raises(Misconfigured, match="LABELAUDIT_PROLIFIC_API_KEY holds a line") as caught:
        clean_api_key(key, "LABELAUDIT_PROLIFIC_API_KEY")
    assert key not in str(caught.value)


def test_line_ends_around_a_key_are_trimmed(platform, make_client, api_key):
    make_client(api_key=f" {api_key}\r\n").fetch_export()
    assert platform.requests[0].headers["authorization"] == f"Bearer {api_key}"


def test_key_shows_itself_nowhere(make_client, api_key):
    key = ApiKey(api_key)
    client = make_client()
    for shown in (repr(key), str(key), f"{key}", repr(client), str(client), repr([key])):
        assert api_key not in shown
    assert key.reveal() == api_key
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never written"):
            copier(key)
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize(
    "written",
    [
        lambda key: key,
        lambda key: key.upper(),
        lambda key: json.dumps({"key": key}),
        lambda key: key.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        lambda key: (
            "https://x/?k=" + "".join(f"%{ord(c):02X}" if c in "/+<>&'" else c for c in key)
        ),
    ],
)
def test_key_is_removed_however_it_is_written(written, api_key):
    text = written(api_key).replace("'", "&#x27;") if "&amp;" in written(api_key) else None
    shown = ApiKey(api_key).redact(text or written(api_key))
    assert "[key removed]" in shown
    assert "sk-live" not in shown.lower()


def test_echoed_key_never_reaches_an_error_or_an_etag(platform, make_client, api_key):
    plain = "plain-key-0123456789"
    client = make_client(api_key=plain)
    halves = b" " * 8180 + plain.encode() * 3  # the excerpt's end falls into the key
    for body in (plain.encode() * 900, halves, plain[:10].encode() + b"\x00" + plain[10:].encode()):
        platform.prepare([lambda exchange, body=body: exchange.answer(404, body)])
        with pytest.raises(PlatformError) as caught:
            client.fetch_export()
        assert plain not in str(caught.value).replace(" ", "")
        assert plain[:8] not in str(caught.value)
        assert len(str(caught.value)) < 700
        assert str(caught.value).isprintable()
    platform.prepare([])
    platform.etag = f'"{plain}"'
    assert client.fetch_export().etag is None


def test_excerpt_is_short_printable_and_one_line(platform, make_client):
    body = "\x1b[31mred\r\n\u202egnirts\x07 ".encode() + b"x" * 5000 + b"\xff\xfe"
    platform.prepare([lambda exchange: exchange.answer(422, body)])
    with pytest.raises(PlatformError) as caught:
        make_client().fetch_export()
    message = str(caught.value)
    assert message.isprintable()
    said = message.split("it said '", 1)[1].split("'; ", 1)[0]
    assert said.startswith("[31mred gnirts xxx")
    assert len(said) == 200


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        (None, "is not set"),
        ("  ", "is not set"),
        ("platform.example/api", "must begin with http"),
        ("ftp://platform.example", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
        ("http://", "must begin with http"),
        ("http://user:hunter2@platform.example", "holds credentials"),
        ("http://hunter2@platform.example", "holds credentials"),
        ("http://@platform.example", "holds credentials"),
        ("http://platform.example/?key=hunter2", "query or a fragment"),
        ("http://platform.example/#hunter2", "query or a fragment"),
        ("http://platform.example:99999", "no web address"),
        ("http://" + "a" * 70 + ".example", "no web address"),
        ("http://[::1", "no web address"),
    ],
)
def test_address_that_cannot_work_is_refused(address, complaint, make_client):
    with pytest.raises(Misconfigured, match=f"LABELAUDIT_PLATFORM_URL.* {complaint}") as caught:
        make_client(base_url=address)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("ending", ["", "/", "//"])
def test_slash_after_the_address_does_not_matter(ending, platform, make_client):
    make_client(base_url=f" {platform.url}{ending}\n").fetch_export()
    assert platform.requests[0].path == "/api/openapi/exports"
    assert platform.requests[0].query == (
        "topics=True&guidelines=True&ratings=True&users=True&mu=True"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeout_seconds", 0),
        ("timeout_seconds", -1.0),
        ("timeout_seconds", math.nan),
        ("timeout_seconds", True),
        ("deadline_seconds", math.inf),
        ("deadline_seconds", "120"),
        ("attempts", 0),
        ("attempts", 101),
        ("attempts", 2.0),
        ("max_bytes", 1023),
        ("max_bytes", None),
        ("backoff_seconds", 0),
        ("backoff_cap_seconds", -3),
    ],
)
def test_limit_that_cannot_work_is_refused(field, value):
    with pytest.raises(Misconfigured, match=f"^{field} must be"):
        HttpPolicy(**{field: value})


def test_default_limits():
    policy = HttpPolicy()
    assert (policy.timeout_seconds, policy.deadline_seconds) == (10.0, 120.0)
    assert (policy.attempts, policy.max_bytes) == (5, 256 * 2**20)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX-Admin: 1", "é", "x" * 201])
def test_unsendable_idempotency_key_is_refused(key, platform, make_client):
    with pytest.raises(Misconfigured, match="idempotency key"):
        make_client().publish_constitution({}, key)
    assert not platform.requests


@pytest.mark.parametrize("etag", ["v1", '"a\r\nX-Admin: 1"', '"', '"a" "b"', ""])
def test_unsendable_etag_is_refused(etag, platform, make_client):
    with pytest.raises(Misconfigured, match="entity tag"):
        make_client().fetch_export(etag)
    assert not platform.requests


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}])
def test_document_that_is_no_strict_json_is_refused(value, platform, make_client):
    with pytest.raises(Misconfigured, match="no strict JSON"):
        make_client().publish_constitution({"mu": value}, "1-a")
    assert not platform.requests


def test_any_id_survives_the_way_out(platform, make_client):
    ids = ["", "..", "a/b", "\x00", "😀", "\ud83d", "é" * 300, '"\\\r\n', "\u2028"]
    make_client().publish_constitution({"user_intercepts": dict.fromkeys(ids, 1.0)}, "1-a")
    sent = platform.applied[0].body
    assert list(json.loads(sent)["user_intercepts"]) == ids
    make_client().publish_constitution(sent, "2-a")
    assert platform.applied[1].body == sent


def test_demographics_go_to_their_own_path(platform, make_client):
    document = {"studyIdToDemoData": {"s1": [{"Age": "31"}]}}
    receipt = make_client().post_demographics(document, "s1-a")
    assert receipt.idempotency_key == "s1-a"
    assert platform.applied[0].path == "/api/openapi/prolific/demographics"
    assert json.loads(platform.applied[0].body) == document
    assert platform.requests[0].headers["content-type"] == "application/json"


def test_client_needs_no_options():
    client = PlatformClient("https://platform.example/api", "key")
    assert client.policy == HttpPolicy()
    assert client.base_url == "https://platform.example/api"
