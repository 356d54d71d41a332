"""Audit, overview, results, predictions and charts of a model that is there."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
import pytest

ERRORS = {"under": ["under-sensitive"], "over": ["over-sensitive"]}


@pytest.fixture(scope="module")
def view(api):
    return api.app.state.services.audit.user("ann")


def error_of(you: float, system: float) -> str:
    if (you > 2) == (system > 2):
        return "none"
    return "under-sensitive" if you > 2 else "over-sensitive"


def test_the_audit_shows_both_numbers_and_the_surest_topic_first(api, ann, view):
    found = api.get(f"{ann}/audit").json()
    severities = [row["severity"] for row in found["topics"]]
    assert severities == sorted(severities, reverse=True)
    leading = found["topics"][0]
    # The planted fault: the system is too strict about the first theme.
    assert "loot" in leading["topic"]
    assert leading["direction"] == "over-sensitive"
    assert leading["over_low"] < leading["share_over"] < leading["over_high"]
    assert leading["n_over"] == round(leading["share_over"] * leading["n_comments"])
    metrics = view.models["my_model"].metrics
    assert found["disagreement"]["mae"] == metrics["mae"]
    assert found["honest_error"]["mae_of_median"] == metrics["model_mae_of_median"]
    assert found["disagreement"]["mae"] != found["honest_error"]["mae_of_mean"]
    assert api.get(f"{ann}/audit?limit=1").json()["topics"] == [leading]
    assert api.get(f"{ann}/audit?limit=0").json()["topics"] == []


@pytest.mark.parametrize(("method", "expected"), [("median", np.median), ("mean", np.mean)])
def test_the_overview_sums_up_topics(api, ann, view, method, expected):
    found = api.get(f"{ann}/topics?method={method}").json()
    table, you = view.corpus.table, view.predictions("my_model")
    assert found["method"] == method
    assert [row["topic"] for row in found["topics"]] == list(table.topics.names)
    for row in found["topics"]:
        rows = table.topics.rows_of(row["topic"])
        assert row["n_comments"] == len(rows)
        assert row["your_rating"] == pytest.approx(float(expected(you[rows])), abs=1e-3)
        assert row["system_rating"] == pytest.approx(float(expected(table.system[rows])), abs=1e-3)
        assert row["error"] == error_of(row["your_rating"], row["system_rating"])
    assert api.get(f"{ann}/topics?method=mode").status_code == 422


@pytest.mark.parametrize("error", ["all", "both", "under", "over"])
def test_results_by_error(api, ann, view, error):
    topic = view.corpus.topics.names[-3]
    everything = api.get(f"{ann}/results", params={"topic": topic}).json()
    found = api.get(f"{ann}/results", params={"topic": topic, "error": error}).json()
    assert found["n_hits"] == everything["n_hits"] == 20
    wanted = ERRORS.get(error, ["under-sensitive", "over-sensitive"])
    expected = [row for row in everything["comments"] if error == "all" or row["error"] in wanted]
    assert found["comments"] == expected
    amounts = [row["error_amount"] for row in found["comments"]]
    assert amounts == sorted(amounts, reverse=True)
    for row in found["comments"]:
        assert row["your_positive"] == (row["your_rating"] > 2)
        assert row["system_positive"] == (row["system_rating"] > 2)
        assert row["error"] == error_of(row["your_rating"], row["system_rating"])
        assert row["error_amount"] == pytest.approx(abs(row["system_rating"] - 2), abs=1e-4)


def pages(api, path, **params):
    rows, after = [], None
    while True:
        page = api.get(path, params={**params, "after": after}).json()
        assert len(page["comments"]) <= params["limit"]
        rows += page["comments"]
        after = page["next"]
        if after is None:
            assert page["n_selected"] == len(rows)
            return rows


def test_predictions_page_by_page_are_all_predictions(api, ann, view):
    rows = pages(api, f"{ann}/predictions", limit=7)
    assert [row["item_id"] for row in rows] == view.corpus.table.item_ids.tolist()
    for name in ("mean", "median", "p_above", "quantile_10", "quantile_90"):
        got = [row[name] for row in rows]
        assert got == pytest.approx(view.predictions("my_model", name).tolist(), abs=1e-4), name
    assert rows == pages(api, f"{ann}/predictions", limit=1000)


@pytest.mark.parametrize("error", ["all", "both", "under", "over"])
def test_filters_of_predictions_must_all_hold(api, ann, view, error):
    topic = view.corpus.topics.names[-3]
    everything = pages(api, f"{ann}/predictions", limit=1000)
    wanted = ERRORS.get(error, ["under-sensitive", "over-sensitive"])
    expected = [
        row
        for row in everything
        if row["topic"] == topic
        and "rude0" in row["text"]
        and (error == "all" or row["error"] in wanted)
    ]
    path = f"{ann}/predictions"
    assert pages(api, path, limit=2, topic=topic, keyword="RUDE0", error=error) == expected
    if error == "over":
        assert expected, "the planted fault"


def test_pages_that_cannot_be(api, ann):
    for query in (
        "limit=0",
        "limit=1001",
        "limit=20001&format=csv",
        "after=-1",
        "after=x",
        "after=99999999999999999999",
        "error=some",
        "format=xlsx",
        "keyword=",
    ):
        assert api.get(f"{ann}/predictions?{query}").status_code == 422, query
    assert api.get(f"{ann}/predictions?topic=none").status_code == 404
    past = api.get(f"{ann}/predictions?after=9007199254740991").json()
    assert (past["comments"], past["next"], past["n_selected"]) == ([], None, 60)


def test_pages_of_tables_name_the_next_one(api, ann):
    csv = api.get(f"{ann}/predictions?format=csv&limit=59")
    assert csv.headers["X-Next-After"] == "58"
    parquet = api.get(f"{ann}/predictions?format=parquet&limit=20000")
    assert "X-Next-After" not in parquet.headers
    assert len(pd.read_parquet(BytesIO(parquet.content))) == 60


def test_charts_of_a_model(api, ann, view):
    topic = view.corpus.topics.names[-3]
    for name in (
        "topic-overview",
        "topic-overview?method=mean",
        f"topic-results?topic={topic}&error=over",
        "topic-results?keyword=loot",
        "topic-disagreement",
        "performance",
        "labels",
        "against-system",
        "comparison?topics=2",
    ):
        chart = api.get(f"{ann}/charts/{name}")
        assert chart.status_code == 200, name
        spec = chart.json()
        assert spec["layer"][0]["data"]["name"] in spec["datasets"], name
    drawn = api.get(f"{ann}/charts/labels").json()["datasets"]["labels"]
    assert len(drawn) == 8
    shown = api.get(f"{ann}/charts/topic-overview").json()["datasets"]
    assert any(len(rows) == len(view.corpus.topics) for rows in shown.values())
    assert api.get(f"{ann}/charts/nonsense").status_code == 404
    assert api.get(f"{ann}/charts/topic-results").status_code == 422


def test_an_unknown_person_or_model_is_a_problem_and_leaves_no_trace(api):
    for path in (
        "/v1/users/nobody/models/my_model",
        "/v1/users/nobody/models/my_model/audit",
        "/v1/users/ann/models/unheard-of/audit",
        "/v1/users/ann/models/unheard-of/predictions",
        "/v1/users/ann/models/unheard-of/charts/performance",
        "/v1/users/ann/models/my_model/trainings/7",
    ):
        answer = api.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert api.get("/v1/users/nobody/models/x/labels").json()["labels"] == []
    assert [row["user"] for row in api.get("/v1/users").json()["users"]] == ["ann", "bob"]
    assert len(api.get("/v1/users/ann/models").json()["models"]) == 1


def test_the_answer_moves_on_when_the_results_do(api, ann):
    """Last of this module: it trains."""
    tags = {
        path: api.get(path).headers["ETag"]
        for path in (f"{ann}/audit", f"{ann}/predictions", f"{ann}/charts/performance", ann)
    }
    corpus = api.get("/v1/corpus").headers["ETag"]
    label = {"labels": [{"item_id": item, "rating": 4} for item in (40, 41)]}
    api.post(f"{ann}/labels", label)
    assert api.post(f"{ann}/trainings").status_code == 201
    for path, tag in tags.items():
        answer = api.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 200, path
        assert answer.headers["ETag"] != tag
    assert api.get("/v1/corpus", headers={"If-None-Match": corpus}).status_code == 304
