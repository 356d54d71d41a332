"""The current constitution over HTTP."""

from __future__ import annotations

import gzip
import hashlib
import json
from io import BytesIO
from typing import Any

import pandas as pd
import pytest

from labelaudit_dagster.artifacts import ArtifactStore, Bundle
from labelaudit_dagster.current_constitution import (
    FIELDS,
    GUIDELINE_FIELDS,
    SOLVER_FIELDS,
    read_current_constitution,
)
from labelaudit_dagster.importers import write_export
from labelaudit_dagster.launch import run_group
from labelaudit_dagster.sample import community as sample_community

RULE = {"intercept_threshold": 0.375}


def write_constitution(store: ArtifactStore, text: str) -> None:
    """Write a small constitution with its lineage."""
    snapshot = store.write("ratings_export", gzip.compress(b"{}", mtime=0))
    factorization = store.write(
        "factorization",
        Bundle(model={"mu": 0.5}),
        inputs={"ratings_export": snapshot.version},
    )
    document: dict[str, Any] = {
        **dict.fromkeys(FIELDS),
        "version": "run",
        "created_at": "2026-03-01T12:00:00Z",
        "provenance": {},
        "parameters": RULE,
        "solver": dict.fromkeys(SOLVER_FIELDS),
        "guidelines": [
            {
                **dict.fromkeys(GUIDELINE_FIELDS),
                "guideline_id": "g1",
                "text": text,
                "p_accepted": None,
            }
        ],
    }
    store.write(
        "constitution",
        Bundle(document=document, changes={"new_version": "run"}),
        inputs={"factorization": factorization.version},
    )


def write_uncertainty(store: ArtifactStore) -> None:
    current = store.current("factorization")
    assert current is not None
    frame = pd.DataFrame(
        {
            "guideline_id": pd.Series(["g1"], dtype="str"),
            "standard_error": [0.1],
            "interval_low": [0.2],
            "interval_high": [0.6],
            "p_accepted": [0.75],
            "n_flipping_raters": pd.Series([0], dtype="Int64"),
        }
    )
    store.write(
        "uncertainty",
        Bundle(guidelines=frame, options={"rule": RULE}),
        inputs={"factorization": current.version},
    )


@pytest.fixture
def store(server) -> ArtifactStore:
    return ArtifactStore(server.settings.resolved_artifacts_url)


def test_it_is_the_current_document_under_a_strong_tag(server, store):
    write_constitution(store, "Sei freundlich. 🙂")
    answer = server.get("/v1/constitution")
    current = read_current_constitution(store)
    assert current is not None
    assert answer.json() == current.document
    assert answer.json()["guidelines"][0]["text"] == "Sei freundlich. 🙂"
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["ETag"].startswith(f'"{current.ref.version}-')
    held = server.get("/v1/constitution", headers={"If-None-Match": answer.headers["ETag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert held.headers["ETag"] == answer.headers["ETag"]

    plain = server.get("/v1/constitution", headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content
    assert hashlib.sha256(plain.content).hexdigest()[:16] in plain.headers["ETag"]
    assert plain.headers["ETag"] != answer.headers["ETag"]


def test_a_new_one_and_late_uncertainty_change_the_tag(server, store):
    write_constitution(store, "one")
    tags = [server.get("/v1/constitution").headers["ETag"]]
    write_uncertainty(store)
    joined = server.get("/v1/constitution", headers={"If-None-Match": tags[0]})
    assert joined.status_code == 200
    assert joined.json()["guidelines"][0]["p_accepted"] == 0.75
    tags.append(joined.headers["ETag"])
    write_constitution(store, "two")
    newer = server.get("/v1/constitution", headers={"If-None-Match": tags[1]})
    assert newer.status_code == 200
    assert newer.json()["guidelines"][0]["text"] == "two"
    assert newer.headers["ETag"] not in tags


def test_it_is_strict_json(server, store):
    write_constitution(store, "one")

    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads(server.get("/v1/constitution").text, parse_constant=refuse)


def test_a_damaged_one_is_said_to_be_unavailable(server, store):
    write_constitution(store, "one")
    current = store.current("constitution")
    assert current is not None
    folder = server.settings.home / "artifacts" / "constitution" / current.version
    for file in folder.iterdir():
        file.chmod(0o600)
        file.write_bytes(b"{}")
    answer = server.get("/v1/constitution")
    assert answer.status_code == 503
    assert str(server.settings.home) not in answer.text


@pytest.mark.slow
def test_one_that_is_computed_meanwhile_is_served(server, refill, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(server.settings.dagster_home))
    sample = BytesIO()
    write_export(sample_community(), sample)
    refill(server.database, json.loads(sample.getvalue()), mode="replace")
    assert server.get("/v1/constitution").status_code == 404

    outcome = run_group(server.settings, "constitution", skip=frozenset({"uncertainty"}))
    assert outcome.succeeded, outcome.problems

    document = server.get("/v1/constitution").json()
    assert 0 < len(document["accepted"]) < len(document["guidelines"])
    assert list(document)[: len(FIELDS)] == list(FIELDS)
    assert document["n_ratings"] == len(server.export().json()["ratings"])
