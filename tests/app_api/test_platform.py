"""The embedded platform as its clients see it."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import pytest
import requests

from labelaudit_dagster.importers import read_export
from labelaudit_dagster.platform_client import (
    ExportSnapshot,
    HttpPolicy,
    NotModified,
    PlatformClient,
    Rejected,
)
from labelaudit_dagster.store import latest_constitution, list_received, load_community


def test_a_client_of_the_original_platform_works_unchanged(server_of_either_kind, payload):
    server = server_of_either_kind
    key = server.token("pipeline")
    base = server.platform

    # As the pipeline of the original platform writes it.
    headers = {"authorization": f"Bearer {key}", "accept": "application/json"}
    params = {"topics": True, "guidelines": True, "ratings": True, "users": True, "mu": True}
    response = requests.get(f"{base}/exports", headers=headers, params=params, timeout=20)
    response.raise_for_status()
    data = response.json()
    assert set(data) == {"topics", "guidelines", "ratings", "users", "mu"}
    assert {row["id"] for row in data["guidelines"]} == {"g/1 ü", "g2", "g3"}
    assert {(r["authorId"], r["guidelineId"], r["rating"]) for r in data["ratings"]} == {
        ("ann", "g/1 ü", "helpful"),
        ("ann", "g3", "not_helpful"),
        ("bob", "g/1 ü", "helpful"),
        ("cy", "g2", "helpful"),
    }
    assert data["mu"] == 0

    response = requests.post(f"{base}/constitution", json=payload, headers=headers, timeout=20)
    assert response.status_code == 200
    assert response.json() == {"success": True}

    data = requests.get(f"{base}/exports", headers=headers, params=params, timeout=20).json()
    assert data["mu"] == payload["mu"]
    assert {r["id"]: r["intercept"] for r in data["guidelines"]} == payload["guideline_intercepts"]
    assert {r["id"]: r["embeddings"] for r in data["users"]} == payload["user_embeddings"]


def test_the_loop_closes_through_our_own_client(server_of_either_kind, payload):
    server = server_of_either_kind
    client = PlatformClient(server.platform, server.token("pipeline"), HttpPolicy(attempts=1))
    first = client.fetch_export()
    assert isinstance(first, ExportSnapshot)
    assert first.etag is not None
    assert isinstance(client.fetch_export(first.etag), NotModified)

    receipt = client.publish_constitution(payload, "1-abc")
    assert (receipt.status, receipt.attempts) == (200, 1)

    second = client.fetch_export(first.etag)
    assert isinstance(second, ExportSnapshot)
    community = read_export(second.body, now=load_now(second))
    assert community.published is not None
    assert community.published.mu == payload["mu"]
    assert community.published.guideline_intercepts.to_dict() == payload["guideline_intercepts"]
    assert community.published.user_intercepts.to_dict() == payload["user_intercepts"]
    assert community.published.user_embeddings[0].to_dict() == {
        name: vector[0] for name, vector in payload["user_embeddings"].items()
    }
    assert community.equals(load_community(server.database).community)


def load_now(snapshot: ExportSnapshot):
    return snapshot.fetched_at + timedelta(seconds=1)


def test_a_refusal_reaches_our_own_client_with_its_reason(server, payload):
    client = PlatformClient(server.platform, "any-key", HttpPolicy(attempts=3))
    payload["user_intercepts"]["stranger"] = 1.0
    with pytest.raises(Rejected, match="stranger") as refused:
        client.publish_constitution(payload, "1-abc")
    assert (refused.value.status, refused.value.attempts) == (422, 1)
    assert list_received(server.database) == []


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", set()),
        ("topics=True", {"topics"}),
        ("topics=true&mu=TRUE&users=False", {"topics", "mu"}),
        ("ratings=tRuE&unknown=1&ratings_=x", {"ratings"}),
        ("guidelines=False&guidelines=True", {"guidelines"}),
    ],
)
def test_only_what_is_asked_for_is_exported(shared_server, query, keys):
    answer = shared_server.get(f"/api/openapi/exports?{query}")
    assert answer.status_code == 200
    assert set(answer.json()) == keys


@pytest.mark.parametrize("value", ["1", "yes", "", "Truee", "None", "%00"])
def test_other_flags_are_refused_by_name(shared_server, value):
    answer = shared_server.get(f"/api/openapi/exports?ratings={value}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.ratings"


def test_an_unchanged_export_is_neither_sent_nor_built_again(server, payload):
    cache = server.app.state.services.exports
    first = server.export()
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Accept-Encoding" in first.headers["Vary"]
    assert cache.builds == 1
    assert server.export().content == first.content
    assert cache.builds == 1

    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = server.export(headers={"If-None-Match": given})
        assert answer.status_code == 304, given
        assert answer.content == b""
        assert etag == answer.headers["ETag"] or given == "*"
    assert server.export(headers={"If-None-Match": '"other"'}).status_code == 200

    other_parts = server.get("/api/openapi/exports?mu=True", headers={"If-None-Match": etag})
    assert other_parts.status_code == 200

    rated = {"participant_id": "ann", "guideline_id": "g2", "rating": "helpful"}
    assert server.post("/v1/ratings", rated).status_code == 200
    changed = server.export(headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert len(changed.json()["ratings"]) == 5
    again = server.export(headers={"If-None-Match": changed.headers["ETag"]})
    assert again.status_code == 304

    assert server.post("/v1/ratings", rated).json()["is_new"] is False
    again = server.export(headers={"If-None-Match": changed.headers["ETag"]})
    assert again.status_code == 304

    assert server.post("/api/openapi/constitution", payload).status_code == 200
    again = server.export(headers={"If-None-Match": changed.headers["ETag"]})
    assert again.status_code == 200
    assert again.json()["mu"] == payload["mu"]


def test_making_a_token_leaves_the_export_as_it_was(server):
    etag = server.export().headers["ETag"]
    headers = {"Authorization": f"Bearer {server.token('pipeline')}", "If-None-Match": etag}
    assert server.export(headers=headers).status_code == 304


def test_both_encodings_hold_the_same_under_their_own_tags(server):
    packed = server.export(headers={"Accept-Encoding": "gzip"}, stream=True)
    raw = packed.raw.read(decode_content=False)
    plain = server.export(headers={"Accept-Encoding": "identity"}, stream=True)
    text = plain.raw.read(decode_content=False)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(raw) == text
    assert int(packed.headers["Content-Length"]) == len(raw)
    assert int(plain.headers["Content-Length"]) == len(text)
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert server.app.state.services.exports.builds == 1
    for answer in (packed, plain):
        held = {"If-None-Match": answer.headers["ETag"], "Accept-Encoding": "gzip"}
        assert server.export(headers=held).headers["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip;q=0", False),
        ("gzip;q=0.1, identity", True),
        ("*", True),
        ("*;q=0", False),
        ("br, deflate", False),
        ("GZIP", True),
        ("gzip;q=nonsense", False),
        ("", False),
    ],
)
def test_accept_encoding_is_honoured(shared_server, accepted, packed):
    answer = shared_server.export(headers={"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer.headers) == packed
    assert answer.json()["mu"] == 0


def test_head_is_get_without_the_body(server):
    full = server.export()
    head = requests.head(
        f"{server.platform}/exports",
        params=dict.fromkeys(("topics", "guidelines", "ratings", "users", "mu"), True),
        timeout=20,
    )
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type"):
        assert head.headers[name] == full.headers[name]


def test_an_empty_home_gives_an_empty_export(make_server):
    with make_server() as server:
        assert server.export().json() == {
            "topics": [], "guidelines": [], "ratings": [], "users": [], "mu": 0.0,
        }  # fmt: skip


def test_the_same_key_brings_one_constitution(server_of_either_kind, payload):
    server = server_of_either_kind
    headers = {"Idempotency-Key": "7-abc"}
    answers = [server.post("/api/openapi/constitution", payload, headers=headers) for _ in range(3)]
    # The same content in another spelling is the same content.
    text = json.dumps(dict(reversed(payload.items())), indent=3)
    answers.append(
        server.post(
            "/api/openapi/constitution",
            data=text.encode(),
            headers={**headers, "Content-Type": "application/json; charset=UTF-8"},
        )
    )
    assert [(a.status_code, a.json()) for a in answers] == [(200, {"success": True})] * 4
    assert len(list_received(server.database)) == 1

    other = server.post("/api/openapi/constitution", payload | {"mu": 1}, headers=headers)
    assert other.status_code == 409
    assert other.json()["type"] == "urn:labelaudit:problem:idempotency-conflict"
    received, kept = latest_constitution(server.database)
    assert (received.idempotency_key, kept["mu"]) == ("7-abc", payload["mu"])


def test_without_a_key_every_post_is_kept(server, payload):
    for mu in (1, 2, 1):
        server.post("/api/openapi/constitution", payload | {"mu": mu}).raise_for_status()
    assert len(list_received(server.database)) == 3
    assert server.export().json()["mu"] == 1


def test_a_repetition_is_confirmed_even_when_the_community_has_changed(server, payload, refill):
    headers = {"Idempotency-Key": "7-abc"}
    server.post("/api/openapi/constitution", payload, headers=headers).raise_for_status()
    other = {
        "topics": [], "mu": 0, "guidelines": [{"id": "x", "value": "Be brief."}],
        "users": [{"id": "dee"}],
        "ratings": [{"authorId": "dee", "guidelineId": "x", "rating": "helpful"}],
    }  # fmt: skip
    refill(server.database, other, mode="replace")
    again = server.post("/api/openapi/constitution", payload, headers=headers)
    assert (again.status_code, again.json()) == (200, {"success": True})
    new = server.post("/api/openapi/constitution", payload, headers={"Idempotency-Key": "8"})
    assert new.status_code == 422
    assert new.json()["type"] == "urn:labelaudit:problem:unknown-id"
