"""Corpus, topics, exploration, results without a model, and groups."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pytest


def topic_of(api):
    return api.get("/v1/topics").json()["topics"][0]["topic"]


def test_the_summary_counts_what_is_there(api):
    found = api.get("/v1/corpus").json()
    assert found["n_comments"] == 60
    assert found["n_without_system_rating"] == 0
    assert found["n_raters"] == 12
    assert found["n_ratings"] == 12 * 20
    assert found["demographic_columns"] == ["gender", "race"]
    assert found["scale"]["threshold"] == 2
    assert found["scale"]["values"] == [0, 1, 2, 3, 4]
    corpus = api.app.state.services.audit.corpus()
    assert found["n_training"] == len(corpus.training_rows())
    assert found["n_evaluation"] == len(corpus.side.evaluation) > 0


def test_before_a_corpus_there_is_a_problem_that_says_what_to_do(server):
    for path in ("/v1/corpus", "/v1/topics", "/v1/results?keyword=x", "/v1/groups/columns"):
        answer = server.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["type"] == "urn:labelaudit:problem:no-corpus"
        assert "labelaudit run audit" in answer.json()["detail"]


def test_topics_have_sizes_and_words(api):
    found = api.get("/v1/topics").json()["topics"]
    table = api.app.state.services.audit.corpus().table
    assert sum(row["n_comments"] for row in found) == sum(
        count
        for count, number in zip(table.topics.counts, table.topics.ids, strict=True)
        if number >= 0
    )
    for row in found:
        rows = table.topics.rows_of(row["topic"])
        assert row["n_comments"] == len(rows)
        assert row["mean_system"] == pytest.approx(table.system[rows].mean(), abs=1e-4)
        assert row["topic"].split("_")[1] in row["words"]
        assert row["tunable"], "all of them, where none has 150 comments"


def test_exploration_is_a_sample_of_the_seed(api):
    first, again, other = (
        api.get(f"/v1/exploration?n=7&seed={seed}").json()["comments"] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert len({row["item_id"] for row in first}) == 7
    assert all(row["system_positive"] == (row["system_rating"] > 2) for row in first)
    assert len(api.get("/v1/exploration?n=500").json()["comments"]) == 60
    for bad in ("n=0", "n=501", "n=x", "seed=-1", "topic=", "system_positive=perhaps"):
        assert api.get(f"/v1/exploration?{bad}").status_code == 422, bad


def test_exploration_of_what_meets_every_condition(api):
    topic = api.get("/v1/topics").json()["topics"][0]
    of_topic = api.get("/v1/exploration", params={"topic": topic["topic"], "n": 3, "seed": 1})
    assert of_topic.json()["n_found"] == topic["n_comments"]
    assert {row["topic"] for row in of_topic.json()["comments"]} == {topic["topic"]}
    n_found = {}
    for positive in ("true", "false"):
        found = api.get(f"/v1/exploration?system_positive={positive}&n=500").json()
        n_found[positive] = found["n_found"]
        assert found["n_found"] == len(found["comments"]) > 0
        assert {row["system_positive"] for row in found["comments"]} == {positive == "true"}
    assert sum(n_found.values()) == 60 == api.get("/v1/exploration").json()["n_found"]
    nothing = api.get("/v1/exploration?keyword=nowhere-in-it").json()
    assert (nothing["n_found"], nothing["comments"]) == (0, [])
    assert api.get("/v1/exploration?topic=unheard_of").status_code == 404


def test_results_without_a_model_go_by_the_system(api):
    topic = topic_of(api)
    found = api.get("/v1/results", params={"topic": topic}).json()
    assert found["n_hits"] == found["n_sampled"] == len(found["comments"]) == 20
    assert {row["topic"] for row in found["comments"]} == {topic}
    ratings = [row["system_rating"] for row in found["comments"]]
    assert ratings == sorted(ratings)
    assert {(row["your_rating"], row["error"]) for row in found["comments"]} == {(None, None)}


def test_a_keyword_is_literal_and_finds_nothing_without_a_failure(api):
    found = api.get("/v1/results", params={"keyword": "LOOT"}).json()
    assert found["n_hits"] > 0
    assert all("loot" in row["text"] for row in found["comments"])
    for keyword in ("l..t", "<script>", "\x00", "%", "'; drop table comments; --", "😀"):
        found = api.get("/v1/results", params={"keyword": keyword}).json()
        assert (found["n_hits"], found["comments"]) == (0, [])


def test_results_need_a_topic_or_a_keyword_that_can_be(api):
    assert api.get("/v1/results").status_code == 422
    assert api.get("/v1/results?keyword=").status_code == 422
    assert api.get(f"/v1/results?keyword={'x' * 1001}").status_code == 422
    answer = api.get("/v1/results?topic=99_of_another_corpus")
    assert answer.status_code == 404
    assert "/v1/topics" in answer.json()["detail"]


def test_groups_below_five_are_not_told_of(api):
    found = api.get("/v1/groups/columns").json()
    assert found["columns"] == ["gender", "race"]
    assert found["values"] == [
        {"column": "gender", "value": "Female", "n_raters": 6},
        # Ten are White, and all twelve less these would be two people.
        {"column": "race", "value": "=Asian", "n_raters": 7},
    ]
    csv = api.get("/v1/groups/columns?format=csv")
    assert csv.text.splitlines()[2] == "race,'=Asian,7"
    assert "Male" not in csv.text.replace("Female", "")


@pytest.mark.parametrize(
    ("conditions", "size"),
    [
        ([], 12),
        ([("gender", "Female")], 6),
        ([("gender", " fEMALE ")], 6),
        ([("gender", "Male")], 0),
        ([("gender", "Male"), ("gender", "Female")], 0),  # less the women: four
        ([("gender", "Martian")], 0),
        ([("race", "White")], 0),  # everybody less these: two
        ([("race", "White"), ("race", "=Asian")], 7),
        ([("gender", "Female"), ("race", "=Asian")], 0),  # of seven, so one is no woman
    ],
)
def test_the_size_of_a_group_by_any_column(api, conditions, size):
    found = api.get("/v1/groups/size", params=conditions).json()
    assert found["size"] == size
    assert sum(map(len, found["conditions"].values())) == len(conditions)


def test_conditions_that_cannot_be(api):
    answer = api.get("/v1/groups/size", params={"shoe size": "44"})
    assert answer.status_code == 422
    assert "gender, race" in answer.json()["detail"]
    assert api.get("/v1/groups/size", params=[("gender", "x")] * 101).status_code == 422


def test_groups_beside_the_system(api):
    found = api.get("/v1/groups/comparison?by=race&topics=2&method=median").json()
    assert found["series"] == ["System", "race: =Asian"]
    assert len(found["topics"]) == 2 * 2
    system = {row["topic"]: row["median_system"] for row in api.get("/v1/topics").json()["topics"]}
    for row in found["topics"]:
        assert 0 <= row["value"] <= 4
        if row["series"] == "System":
            assert row["value"] == system[row["topic"]]
    topic = topic_of(api)
    only = api.get(
        "/v1/groups/comparison",
        params={"by": "race", "value": ["=Asian"], "topic": [topic, "no such topic"]},
    ).json()
    assert only["series"] == ["System", "race: =Asian"]
    assert {row["topic"] for row in only["topics"]} == {topic}


def test_small_groups_are_not_compared(api):
    answer = api.get("/v1/groups/comparison?by=gender&value=Male")
    assert answer.status_code == 422
    assert "fewer than 5" in answer.json()["detail"]
    assert api.get("/v1/groups/comparison?by=gender").json()["series"] == [
        "System",
        "gender: Female",
    ]
    assert api.get("/v1/groups/comparison?by=shoe").status_code == 422
    assert api.get("/v1/groups/comparison").status_code == 422


def test_a_group_model_is_made_as_a_persons_would_be(api):
    """What the comparison shows is what somebody with the group's labels would get."""
    from app_api.group_models import labels_of_group, ratings_of_group

    services = api.app.state.services
    view = services.audit.corpus()
    group = {"gender": ["Female"]}
    labels = labels_of_group(view, group, seed=0)
    ratings = view.comment_ratings()
    women = ratings[ratings["rater_id"].isin([f"r{n:02d}" for n in range(6)])]
    counts = women.groupby("item_id")["rating"].agg(["median", "size"])
    assert len(labels) == 20
    training = set(view.table.item_ids[view.training_rows()].tolist())
    for label in labels:
        assert label.item_id in training
        if counts.loc[label.item_id, "size"] % 2:
            assert label.rating == counts.loc[label.item_id, "median"]
    made = ratings_of_group(view, services.audit.cache, group, seed=0)
    assert made is ratings_of_group(view, services.audit.cache, group, seed=0)
    assert made.shape == (60,)
    answer = api.get("/v1/groups/comparison?by=gender&method=mean").json()
    for row in answer["topics"]:
        if row["series"] == "gender: Female":
            rows = view.topics.rows_of(row["topic"])
            assert row["value"] == pytest.approx(made[rows].mean(), abs=1e-4)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/topics",
        "/v1/exploration",
        "/v1/results?keyword=loot",
        "/v1/groups/columns",
        "/v1/groups/comparison?by=race",
        "/v1/users/ann/models/my_model/audit",
        "/v1/users/ann/models/my_model/topics",
        "/v1/users/ann/models/my_model/results?keyword=loot",
        "/v1/users/ann/models/my_model/predictions",
        "/v1/users/ann/models/my_model/comparison",
        "/v1/users/ann/models/my_model/labels",
    ],
)
def test_every_table_is_the_same_in_three_forms(api, path):
    document = api.get(path).json()
    (rows,) = (
        value
        for value in document.values()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    )
    join = "&" if "?" in path else "?"
    csv = api.get(f"{path}{join}format=csv")
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert csv.headers["Content-Disposition"].startswith("attachment; filename=")
    assert csv.headers["ETag"] != api.get(path).headers["ETag"]
    parquet = api.get(path, headers={"Accept": "application/vnd.apache.parquet"})
    assert parquet.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert "Accept" in parquet.headers["Vary"]
    from_csv = pd.read_csv(BytesIO(csv.content))
    from_parquet = pd.read_parquet(BytesIO(parquet.content))
    assert list(from_csv.columns) == list(from_parquet.columns) == list(rows[0])
    assert len(from_csv) == len(from_parquet) == len(rows)
    for name, value in rows[0].items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert from_csv[name].tolist() == pytest.approx(
                [row[name] if row[name] is not None else float("nan") for row in rows], nan_ok=True
            )


@pytest.mark.parametrize(
    "path",
    [
        "/v1/corpus",
        "/v1/topics",
        "/v1/topics?format=csv",
        "/v1/groups/size?gender=Female",
        "/v1/charts/topic-overview",
        "/v1/users",
        "/v1/users/ann/models",
        "/v1/users/ann/models/my_model",
        "/v1/users/ann/models/my_model/labels",
        "/v1/users/ann/models/my_model/suggestions",
        "/v1/users/ann/models/my_model/trainings/0",
        "/v1/users/ann/models/my_model/predictions?limit=3",
        "/v1/users/ann/models/my_model/charts/performance",
    ],
)
def test_what_has_not_changed_is_not_sent_again(api, path):
    first = api.get(path)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = first.headers["ETag"]
    again = api.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    assert api.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_charts_are_specifications_with_named_data(api):
    topic = topic_of(api)
    for path in (
        "/v1/charts/topic-overview",
        f"/v1/charts/topic-results?topic={topic}",
        "/v1/charts/topic-results?keyword=loot",
        "/v1/charts/group-comparison?by=race",
    ):
        chart = api.get(path)
        assert chart.status_code == 200, path
        spec = chart.json()
        assert spec["layer"][0]["data"]["name"] in spec["datasets"]
    assert api.get("/v1/charts/topic-results").status_code == 422
    assert api.get("/v1/charts/topic-results?topic=none").status_code == 404
    assert api.get("/v1/charts/group-comparison?by=shoe").status_code == 422
