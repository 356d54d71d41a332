"""The overview of topics and the comments of one, against a plain computation of both."""

from __future__ import annotations

import json

import numpy as np
import pytest

UNDER, OVER = "System is under-sensitive", "System is over-sensitive"
COLOURS = {True: "#808080", False: "#FFF"}
ROW_KEYS = {
    "id", "comment", "user_color", "user_decision", "user_rating", "system_color",
    "system_decision", "system_rating", "error_color", "error_type", "toxicity_category",
    "judgment", "topic", "persp_score",
}  # fmt: skip


@pytest.fixture(scope="module")
def audited(client):
    """Somebody whom games do not disturb; the table of their predictions."""
    found = {text: "0" if text.startswith("games") else "3" for text in client.comments()}
    client.train("ann", found)
    view = client.server.app.state.services.audit.user("ann")
    table = view.corpus.table
    return {
        int(item): (table.texts[row], float(you), float(system), topic)
        for row, (item, you, system, topic) in enumerate(
            zip(
                table.item_ids,
                view.predictions("my_model"),
                table.system,
                table.topic_names(np.arange(len(table))),
                strict=True,
            )
        )
    }


def results(client, **options):
    asked = {
        "pers_model": "my_model",
        "cur_user": "ann",
        "cluster": "null",
        "topic_df_ids": "",
        "search_type": "cluster",
        "keyword": "",
        "error_type": "null",
        "use_model": "true",
        **options,
    }
    return client.ask("get_cluster_results", **asked)


def squares(spec):
    assert spec["datasets"][spec["layer"][0]["data"]["name"]] is not None
    return spec["datasets"][spec["layer"][2]["data"]["name"]]


def error_type(you, system):
    if (you > 2) == (system > 2):
        return f"No error (agree {'toxic' if you > 2 else 'non-toxic'})"
    return f"System may be {'under' if you > 2 else 'over'}-sensitive"


def error_color(you, system):
    if (you > 2) == (system > 2):
        return COLOURS[you > 2]
    amount = abs(system - 2)
    limits = ((1.5, "#d62728"), (1.0, "#ff7a5c"), (0.5, "#ffa894"))
    return next((colour for limit, colour in limits if amount > limit), "#ffd1c7")


def test_rows_say_what_follows_from_both_ratings(client, audited, unlike):
    for topic in {entry[3] for entry in audited.values()}:
        found = results(client, cluster=topic)
        expected = {item for item, entry in audited.items() if entry[3] == topic}
        assert set(found["topic_df_ids"]) == expected
        rows = json.loads(found["cluster_comments"])
        assert {row["id"] for row in rows} == expected
        for row in rows:
            text, you, system, _ = audited[row["id"]]
            assert set(row) == ROW_KEYS
            assert row["comment"] == text
            assert row["topic"] == topic
            assert row["user_rating"] == pytest.approx(you, abs=0.0051)
            assert row["system_rating"] == round(system, 2)
            assert row["user_decision"] == ("Toxic" if you > 2 else "Non-toxic")
            assert row["system_decision"] == ("Toxic" if system > 2 else "Non-toxic")
            assert row["user_color"] == COLOURS[you > 2]
            assert row["system_color"] == COLOURS[system > 2]
            assert row["error_type"] == error_type(you, system)
            assert row["error_color"] == error_color(you, system)
            assert row["judgment"] == ""
            shares = unlike.loc[row["id"], ["is_profane_frac", "is_insult_frac"]]
            named = [
                name
                for name, share in zip(("Profanity", "Insult"), shares, strict=True)
                if share > 0.3
            ]
            assert row["toxicity_category"] == ", ".join(named)


def test_a_system_on_the_threshold_is_negative(client, audited):
    rows = json.loads(results(client, search_type="keyword", keyword="n")["cluster_comments"])
    on_threshold = [row for row in rows if row["system_rating"] == 2.0]
    assert on_threshold
    assert {row["system_decision"] for row in on_threshold} == {"Non-toxic"}


@pytest.mark.parametrize("use_model", ["true", "false", "null", None])
@pytest.mark.parametrize("wanted", ["Both", UNDER, OVER, "null", "Show errors and non-errors"])
def test_filter_and_order(client, audited, use_model, wanted):
    found = results(
        client,
        search_type="keyword",
        keyword="games",
        error_type=wanted,
        **({} if use_model is None else {"use_model": use_model}),
    )
    rows = json.loads(found["cluster_comments"])
    kinds = {
        "Both": {"System may be under-sensitive", "System may be over-sensitive"},
        UNDER: {"System may be under-sensitive"},
        OVER: {"System may be over-sensitive"},
    }.get(wanted)
    hits = {item: entry for item, entry in audited.items() if "games" in entry[0]}
    expected = {
        item
        for item, (_, you, system, _) in hits.items()
        if kinds is None or error_type(you, system) in kinds
    }
    assert {row["id"] for row in rows} == expected
    assert set(found["topic_df_ids"]) == set(hits)
    if use_model in ("true", None):
        keys = [-abs(hits[row["id"]][2] - 2) for row in rows]
    else:
        keys = [hits[row["id"]][2] for row in rows]
    assert keys == sorted(keys)


def test_a_missing_flag_means_without_the_model(client, audited):
    asked = {"pers_model": "my_model", "cur_user": "ann", "search_type": "keyword"}
    found = client.ask("get_cluster_results", **asked, keyword="soil", error_type="Both")
    same = client.ask(
        "get_cluster_results", **asked, keyword="soil", error_type="Both", use_model="false"
    )
    assert found == same
    # Errors alone, though the table is not that of the model.
    kinds = {row["error_type"] for row in json.loads(found["cluster_comments"])}
    assert kinds <= {"System may be under-sensitive", "System may be over-sensitive"}


def test_the_plot_shows_the_sides_that_are_asked_for(client, audited):
    topic = next(entry[3] for entry in audited.values() if entry[0].startswith("games"))
    members = {item for item, entry in audited.items() if entry[3] == topic}
    positive = {item for item in members if audited[item][1] > 2}
    for wanted, expected in (
        (UNDER, positive),
        (OVER, members - positive),
        ("Both", members),
        ("null", members),
    ):
        found = squares(
            results(client, cluster=topic, error_type=wanted)["cluster_overview_plot_json"]
        )
        assert {row["id"] for row in found} == expected
        for row in found:
            _, you, system, _ = audited[row["id"]]
            assert row["url"] == f"#{row['id']}/#comment"
            assert abs(row["vis_pred_bin"] - you) <= 0.0251
            assert row["rating_sys"] == round(system, 2)
            assert row["system_label"] == ("toxic" if system > 2 else "non-toxic")


def test_without_the_model_the_plot_is_the_systems(client, audited):
    found = results(client, search_type="keyword", keyword="games", use_model="false")
    spec = found["cluster_overview_plot_json"]
    rows = squares(spec)
    for row in rows:
        system = audited[row["id"]][2]
        assert abs(row["vis_pred_bin"] - system) <= 0.0251
        assert row["key"] == f"System says: {'Toxic' if system > 2 else 'Non-toxic'}"
        assert row["pred"] is None
    # A rating of exactly zero is in the first bin.
    zero = [row["vis_pred_bin"] for row in squares(
        results(client, search_type="keyword", keyword="n", use_model="false")
        ["cluster_overview_plot_json"]
    ) if row["rating_sys"] == 0]  # fmt: skip
    assert zero
    assert set(zero) == {0.025}
    fields = [tip["field"] for tip in spec["layer"][2]["encoding"]["tooltip"]]
    assert "pred" not in fields


def test_further_ids_join_the_selection(client, audited):
    some = sorted(audited)[:3]
    found = results(client, cluster="no_such_topic", topic_df_ids=",".join(map(str, some)))
    assert found["topic_df_ids"] == some
    found = results(
        client, search_type="keyword", keyword="squad", topic_df_ids=f"{some[1]},999999999"
    )
    assert some[1] in found["topic_df_ids"]
    assert 999999999 not in found["topic_df_ids"]


def test_an_unknown_topic_is_an_empty_plot_that_the_client_survives(client, audited):
    found = results(client, cluster="An edited title", error_type="Both")
    assert found["topic_df_ids"] == []
    assert found["cluster_comments"] == "[]"
    spec = found["cluster_overview_plot_json"]
    assert spec["datasets"][spec["layer"][0]["data"]["name"]] == []
    found = results(client, search_type="keyword", keyword="nowhere to be found")
    assert found["cluster_comments"] is found["cluster_overview_plot_json"] is None
    assert found["topic_df_ids"] == []


def test_the_overview_has_a_square_for_each_topic(client, audited):
    for method, summed in (("median", np.median), ("mean", np.mean), ("null", np.median)):
        found = client.ask(
            "get_audit",
            pers_model="my_model",
            cur_user="ann",
            error_type="Both",
            topic_vis_method=method,
        )
        spec = found["overall_perf"]["topic_overview_plot_json"]
        assert len(spec["layer"]) == 4
        assert (spec["width"], spec["layer"][2]["encoding"]["href"]["field"]) == (750, "url")
        sides = spec["datasets"][spec["layer"][0]["data"]["name"]]
        assert set(sides[0]) == {"start", "stop", "bkgd"}
        rows = squares(spec)
        topics = {entry[3] for entry in audited.values()}
        assert {row["topic"] for row in rows} == topics
        for row in rows:
            members = [entry for entry in audited.values() if entry[3] == row["topic"]]
            you, system = (float(summed([entry[side] for entry in members])) for side in (1, 2))
            assert row["pred"] == pytest.approx(you, abs=0.0051)
            assert row["rating_sys"] == pytest.approx(system, abs=0.0051)
            assert row["system_label"] == ("toxic" if system > 2 else "non-toxic")
            assert row["url"] == f"#{row['topic']}/#topic"
            assert row["threshold"] == 2


def test_another_way_to_sum_up_is_refused_and_named(client, audited):
    answer = client.get("get_audit", pers_model="my_model", cur_user="ann", topic_vis_method="mode")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "topic_vis_method"


def test_a_model_without_results_is_not_found(client, audited):
    for route in ("get_audit", "get_cluster_results"):
        for user in ("ann", "somebody_else"):
            answer = client.get(route, pers_model="ghost", cur_user=user, cluster="x")
            assert answer.status_code == 404


def test_answers_are_kept_by_version_and_change_with_it(client, audited):
    query = "/get_audit?pers_model=my_model&cur_user=kept"
    texts = client.comments(6)
    client.train("kept", dict.fromkeys(texts, "0"))
    first = client.server.get(query)
    assert first.headers["Cache-Control"] == "private, no-cache"
    held = client.server.get(query, headers={"If-None-Match": first.headers["ETag"]})
    assert (held.status_code, held.content) == (304, b"")
    client.train("kept", dict.fromkeys(texts, "4"))
    second = client.server.get(query, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert second.json() != first.json()
