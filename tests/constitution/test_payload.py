"""The body of the POST: exactly the platform's keys, and one hash for one content."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from labelaudit_dagster.constitution import (
    PAYLOAD_KEYS,
    ConstitutionError,
    payload_hash,
    publication_payload,
)

RATERS = {
    "rater_ids": ["u2", "u1", "../🧑"],
    "rater_intercepts": [0.2, 0.1, -0.3],
    "rater_factors": [[2.0], [1.0], [0.0]],
    "mu": 0.75,
}


def test_the_payload_by_hand(document):
    payload = publication_payload(document, **RATERS)
    assert tuple(payload) == PAYLOAD_KEYS
    assert payload["accepted_guideline_ids"] == ["a"]
    assert payload["guideline_intercepts"] == {
        "a": 0.5,
        "b": 0.375,
        "c": 0.625,
        "d": 0.375 + 2**-22,
        "f": 0.5,
    }
    assert payload["guideline_embeddings"] == {
        "a": [0.25],
        "b": [0.0],
        "c": [0.0],
        "d": [-0.5],
        "f": [1.5],
    }
    assert payload["user_intercepts"] == {"../🧑": -0.3, "u1": 0.1, "u2": 0.2}
    assert list(payload["user_intercepts"]) == ["../🧑", "u1", "u2"]
    assert payload["user_embeddings"] == {"../🧑": [0.0], "u1": [1.0], "u2": [2.0]}
    assert list(payload["guideline_scores"]) == ["a"]
    assert payload["guideline_scores"]["a"] == pytest.approx(0.9)
    assert payload["mu"] == 0.75
    assert json.loads(json.dumps(payload, allow_nan=False)) == payload


def test_the_hash_depends_on_content_and_not_on_order(document):
    first = publication_payload(document, **RATERS)
    order = [2, 0, 1]
    moved = {
        key: value if key == "mu" else [value[i] for i in order] for key, value in RATERS.items()
    }
    assert payload_hash(publication_payload(document, **moved)) == payload_hash(first)
    other = publication_payload(document, **{**RATERS, "mu": np.nextafter(0.75, 1)})
    assert payload_hash(other) != payload_hash(first)
    spelled = json.dumps(first, sort_keys=True, separators=(",", ":"))
    assert payload_hash(first) == hashlib.sha256(spelled.encode()).hexdigest()


def test_a_flat_array_of_factors_means_one_dimension(document):
    flat = {**RATERS, "rater_factors": np.array([2.0, 1.0, 0.0])}
    assert publication_payload(document, **flat) == publication_payload(document, **RATERS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mu": float("nan")}, "mu must be finite"),
        ({"rater_intercepts": [0.1, float("inf"), 0]}, "rater_intercepts must be finite"),
        ({"rater_intercepts": [0.1]}, "rater_intercepts must have shape"),
        ({"rater_factors": [[1.0]]}, "rater_factors must have shape"),
        ({"rater_factors": [[1.0, 2.0]] * 3}, "rater_factors has 2 dimensions"),
        ({"rater_ids": ["u1", "u1", "u2"]}, "'u1' more than once"),
        ({"rater_ids": ["u1", 1, "u2"]}, "strings only"),
        ({"rater_ids": ["u1", "\ud800", "u2"]}, "surrogate"),
    ],
)
def test_bad_input_is_refused_by_name(document, change, message):
    with pytest.raises(ConstitutionError, match=message):
        publication_payload(document, **{**RATERS, **change})


def test_an_accepted_list_that_contradicts_the_statuses_is_refused(document):
    with pytest.raises(ConstitutionError, match="accepted names other guidelines"):
        publication_payload({**document, "accepted": ["a", "d"]}, **RATERS)
