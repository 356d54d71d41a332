"""A corpus with a scale of its own: answers are on 0 to 4, labels on the corpus' scale."""

from __future__ import annotations

import json

import numpy as np
import pytest

from labelaudit_dagster.store import current_labels

VALUES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
THRESHOLD = 3.5


@pytest.fixture(scope="module")
def seven(start_forum, tmp_path_factory):
    home = tmp_path_factory.mktemp("seven") / "home"
    with start_forum(home, n_comments=60, values=VALUES, threshold=THRESHOLD) as client:
        yield client


@pytest.fixture(scope="module")
def trained(seven):
    ratings = {text: str(place % 5) for place, text in enumerate(seven.comments(15))}
    return ratings, seven.train("ann", ratings)


def test_labels_are_values_of_the_scale_and_come_back_as_choices(seven, trained):
    ratings, found = trained
    assert found["ratings_prev"] == ratings
    kept = current_labels(seven.server.database, "ann", "my_model")
    # 0 to 4 lie at 1, 2.5, 4, 5.5 and 7; the threshold keeps its sides.
    assert set(kept["rating"]) == {1.0, 2.0, 4.0, 5.0, 7.0}


def test_figures_are_on_zero_to_four(seven, trained):
    _, found = trained
    metrics = seven.server.app.state.services.audit.user("ann").models["my_model"].metrics
    unit = 6 / 4
    assert found["mae"] == pytest.approx(metrics["mae"] / unit, abs=5e-4)
    assert found["mse"] == pytest.approx(metrics["mse"] / unit**2, abs=5e-4)
    assert found["rmse"] == pytest.approx(metrics["rmse"] / unit, abs=5e-4)
    assert found["signed_avg_diff"] == pytest.approx(metrics["signed_avg_diff"] / unit, abs=5e-4)
    assert found["model_mae"] == pytest.approx(metrics["model_mae_of_median"] / unit, abs=5e-4)


def test_rows_are_on_zero_to_four_and_decisions_those_of_the_corpus(seven, trained):
    view = seven.server.app.state.services.audit.user("ann")
    table, you = view.corpus.table, view.predictions("my_model")
    found = seven.ask(
        "get_cluster_results",
        pers_model="my_model",
        cur_user="ann",
        search_type="keyword",
        keyword="n",
        use_model="true",
    )
    rows = {row["id"]: row for row in json.loads(found["cluster_comments"])}
    assert set(rows) == set(table.item_ids.tolist())
    for place, item in enumerate(table.item_ids.tolist()):
        row = rows[item]
        assert row["user_rating"] == pytest.approx((float(you[place]) - 1) / 1.5, abs=0.0051)
        assert row["system_rating"] == pytest.approx((table.system[place] - 1) / 1.5, abs=0.0051)
        assert (row["user_decision"] == "Toxic") == (you[place] > THRESHOLD)
        assert (row["system_decision"] == "Toxic") == (table.system[place] > THRESHOLD)
        assert 0 <= row["persp_score"] <= 1
    amounts = [abs(table.system[table.item_ids.tolist().index(item)] - THRESHOLD) for item in rows]
    assert amounts == sorted(amounts, reverse=True)


def test_the_overview_is_on_zero_to_four(seven, trained):
    found = seven.ask("get_audit", pers_model="my_model", cur_user="ann")
    spec = found["overall_perf"]["topic_overview_plot_json"]
    rows = spec["datasets"][spec["layer"][2]["data"]["name"]]
    assert all(0 <= row["pred"] <= 4 and 0 <= row["vis_pred_bin"] <= 4 for row in rows)
    assert [row["threshold"] for row in rows] == pytest.approx([5 / 3] * len(rows))
    examples = json.loads(seven.ask("get_explore_examples", n_examples=60)["examples"])
    assert np.ptp([row["rating"] for row in examples]) > 2
    assert max(row["rating"] for row in examples) <= 4
