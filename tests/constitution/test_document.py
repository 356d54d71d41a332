"""The document: exact fields in order, strict JSON, a golden copy, and no dependence on order."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ConstitutionError,
    canonical_json,
    constitution_document,
    content_hash,
    decide_constitution,
    strict_json,
)

GOLDEN = Path(__file__).with_name("golden_document.json")
CONTRACT = [
    "version",
    "created_at",
    "provenance",
    "solver",
    "parameters",
    "n_raters",
    "n_guidelines",
    "n_ratings",
    "accepted",
    "guidelines",
]
GUIDELINE_CONTRACT = [
    "guideline_id",
    "text",
    "n_ratings",
    "raw_support",
    "intercept",
    "factor",
    "consensus_score",
    "status",
    "reasons",
]


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def test_the_hand_computed_document_is_the_golden_one(document):
    assert document == json.loads(GOLDEN.read_text("utf-8"))


def test_fields_stand_in_the_order_of_the_contract(document):
    assert list(document)[: len(CONTRACT)] == CONTRACT
    assert list(document["solver"])[:6] == ["method", "status", "loss", "kkt", "sweeps", "seconds"]
    for row in document["guidelines"]:
        assert list(row)[: len(GUIDELINE_CONTRACT)] == GUIDELINE_CONTRACT


def test_guidelines_are_ordered_by_status_then_score_then_id(document):
    assert [row["guideline_id"] for row in document["guidelines"]] == ["a", "d", "b", "f", "c", "e"]
    # b scores 0.8125 and f 0.7: among the rejected the higher score comes first.
    scores = {row["guideline_id"]: row["consensus_score"] for row in document["guidelines"]}
    assert scores["b"] == pytest.approx(0.8125)


def test_equal_scores_are_ordered_by_id(make_document):
    document = make_document([(key, 10, 10, 0.5) for key in ("b", "10", "a", "9")])
    assert [row["guideline_id"] for row in document["guidelines"]] == ["10", "9", "a", "b"]
    assert document["accepted"] == ["10", "9", "a", "b"]


def test_counts(document):
    assert document["n_guidelines"] == 6
    assert document["n_ratings"] == 10 + 5 + 4 + 8 + 6
    assert document["n_raters"] == 12
    assert document["counts"] == {
        "accepted": 1,
        "undecided": 1,
        "rejected": 2,
        "too_few_ratings": 2,
    }
    assert document["accepted"] == ["a"]


def test_it_survives_strict_json_unchanged(document):
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text, parse_constant=refuse_constant) == document
    unrated = next(row for row in document["guidelines"] if row["guideline_id"] == "e")
    assert [unrated[key] for key in ("raw_support", "intercept", "consensus_score")] == [None] * 3


def test_order_of_rows_gives_the_same_bytes(decisions, document, wrap_document):
    shuffled = decisions.sample(frac=1, random_state=1)
    assert canonical_json(wrap_document(shuffled)) == canonical_json(document)
    assert json.dumps(wrap_document(shuffled)) == json.dumps(document)


def test_a_document_survives_a_trip_through_parquet(decisions, document, wrap_document, tmp_path):
    path = tmp_path / "decisions.parquet"
    decisions.to_parquet(path)
    assert wrap_document(pd.read_parquet(path)) == document


def test_hostile_texts_are_kept_verbatim(make_document):
    texts = ["a|b\n<script>", "\u202eevil\u2066", "nul\0here", "🧑‍🤝‍🧑", "שלום", "", "x" * 300]
    rows = [(f"../{i}", 9, 9, 0.5, text) for i, text in enumerate(texts)]
    document = make_document(rows)
    kept = {row["guideline_id"]: row["text"] for row in document["guidelines"]}
    assert kept == {row[0]: row[4] for row in rows}
    assert json.loads(canonical_json(document)) == document


def test_half_a_surrogate_pair_is_refused_by_field(make_document):
    with pytest.raises(ConstitutionError, match=r"guideline 'x'\.text .* character 1"):
        make_document([("x", 9, 9, 0.5, "a\ud800")])


@pytest.mark.parametrize("name", ["method", "status", "loss", "kkt", "sweeps", "seconds"])
def test_a_solver_report_without_a_field_is_refused(decisions, name):
    solver = {"method": 1, "status": 1, "loss": 1, "kkt": 1, "sweeps": 1, "seconds": 1}
    del solver[name]
    with pytest.raises(ConstitutionError, match=name):
        minimal(decisions, solver=solver)


def minimal(decisions, **changes):
    arguments = {
        "rule": AcceptanceRule(),
        "solver": dict.fromkeys(["method", "status", "loss", "kkt", "sweeps", "seconds"], 1),
        "parameters": {},
        "n_raters": 1,
        "version": "v",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "provenance": {},
    }
    return constitution_document(decisions, **{**arguments, **changes})


def test_a_parameter_that_contradicts_the_rule_is_refused(decisions):
    assert minimal(decisions, parameters={"min_ratings": 5})["parameters"]["min_ratings"] == 5
    with pytest.raises(ConstitutionError, match=r"parameters\.min_ratings is 6"):
        minimal(decisions, parameters={"min_ratings": 6})


def test_times_are_utc_and_need_a_zone(decisions):
    east = datetime(2026, 1, 1, 5, tzinfo=timezone(timedelta(hours=5)))
    assert minimal(decisions, created_at=east)["created_at"] == "2026-01-01T00:00:00+00:00"
    with pytest.raises(ConstitutionError, match="created_at"):
        minimal(decisions, created_at=datetime(2026, 1, 1))


def test_a_missing_column_is_named(decisions):
    with pytest.raises(ConstitutionError, match="'reasons'"):
        minimal(decisions.drop(columns="reasons"))


class Colour(StrEnum):
    RED = "red"


def test_plain_values_from_other_types():
    value = {
        "numbers": [np.float32(0.5), np.int64(3), np.bool_(True), float("nan"), float("-inf")],
        "missing": (pd.NA, pd.NaT, None),
        "array": np.array([[1.0, np.nan]]),
        "enumeration": Colour.RED,
        "time": pd.Timestamp("2026-01-01T00:00:00Z"),
    }
    plain = strict_json(value)
    assert plain == {
        "numbers": [0.5, 3, True, None, None],
        "missing": [None, None, None],
        "array": [[1.0, None]],
        "enumeration": "red",
        "time": "2026-01-01T00:00:00+00:00",
    }
    assert [type(item) for item in plain["numbers"][:3]] == [float, int, bool]
    assert type(plain["enumeration"]) is str


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {1, 2}}, r"document\.a is a set"),
        ({"a": [b"x"]}, r"document\.a\[0\] holds a bytes"),
        ({1: 2}, "keys must be strings"),
        ({"a": object()}, r"document\.a holds a object"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_place(value, message):
    with pytest.raises(ConstitutionError, match=message):
        strict_json(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_strict_json_keeps_json_and_hashes_ignore_key_order(value):
    assert strict_json(value) == value
    assert json.loads(canonical_json(value)) == value
    assert content_hash(value) == content_hash(reordered(value))


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else copy.copy(value)


def test_canonical_json_by_hand():
    assert canonical_json({"b": 1.0, "a": ["é", None]}) == b'{"a":["\\u00e9",null],"b":1.0}'
    with pytest.raises(ConstitutionError, match="strict JSON"):
        canonical_json(float("nan"))


def test_an_empty_community_has_a_document(wrap_document):
    from labelaudit_dagster.constitution import ItemEstimates

    nothing = ItemEstimates.from_arrays(
        [], n_ratings=[], n_helpful=[], intercepts=[], factors=np.zeros((0, 1))
    )
    frame = pd.DataFrame({"guideline_id": [], "text": []})
    document = wrap_document(decide_constitution(frame, nothing, AcceptanceRule()), n_raters=0)
    assert (document["accepted"], document["guidelines"], document["n_ratings"]) == ([], [], 0)
