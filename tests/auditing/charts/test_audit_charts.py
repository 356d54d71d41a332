"""Every chart renders offline, holds strict JSON, and shows the numbers it was given."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import orjson
import pandas as pd
import pytest

from labelaudit_dagster.auditing import charts
from labelaudit_dagster.auditing.charts.labels import MOST_LABELS
from labelaudit_dagster.auditing.disagreement import topic_disagreement
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.auditing.views import (
    AuditTable,
    ErrorFilter,
    comment_results,
    contract_scale,
    key_colours,
    topic_comparison,
    topic_overview,
)

HOSTILE = (
    "<script>alert(1)</script> \u202eevil\u2066 nul\0 line\r\nend 日本語 'quotes\" ${x} datum.a"
)
PERCENT = RatingScale.from_values([0, 25, 50, 75, 100], threshold=25)


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    n = 420
    topic = rng.integers(-1, 9, n)
    topic[:3] = 300  # in no overview
    frame = pd.DataFrame(
        {
            "item_id": np.arange(n),
            "text": [
                HOSTILE if i % 5 == 0 else f"comment {i} " + "x" * (i % 500) for i in range(n)
            ],
            "topic_id": topic,
            "topic": [f"{number}_some_words_here" for number in topic],
            "is_insult_frac": rng.uniform(0, 1, n),
        }
    )
    truth = rng.uniform(0, 4, n)
    frame["system_rating"] = np.clip(truth + rng.normal(0, 0.7, n) + (topic == 3), 0, 4)
    return AuditTable.from_frames(frame, frame, frame, scale=TOXICITY_SCALE), truth


def left_out(n=20):
    rng = np.random.default_rng(1)
    rating = rng.integers(0, 5, n).astype(float)
    mean = np.clip(rating + rng.normal(0, 0.8, n), 0, 4)
    return pd.DataFrame({"rating": rating, "mean": mean, "text": HOSTILE})


def drawn(table, you):
    scale = table.scale
    return {
        "topics": charts.topic_overview_chart(topic_overview(table, you), person=HOSTILE),
        "system topics": charts.topic_overview_chart(topic_overview(table, None)),
        "comments": charts.topic_results_chart(
            comment_results(table, you, keyword="com"), subject=HOSTILE
        ),
        "system comments": charts.topic_results_chart(
            comment_results(table, you, topic="3_some_words_here", use_model=False)
        ),
        "no comments": charts.topic_results_chart(comment_results(table, you, keyword="zebra")),
        "performance": charts.performance_chart([None, 1.4, 1.1, 0.9], HOSTILE, scale=scale),
        "faults": charts.topic_disagreement_chart(topic_disagreement(table, you), person=HOSTILE),
        "groups": charts.group_comparison_chart(
            topic_comparison(table, {"me": you, HOSTILE: you[::-1]}), scale=scale
        ),
        "labels": charts.labels_chart(left_out(), scale=scale),
        "against": charts.against_system_chart(you, table.system, scale=scale),
    }


@pytest.fixture(scope="module")
def specs(corpus):
    return drawn(*corpus)


NAMES = [
    "topics",
    "system topics",
    "comments",
    "system comments",
    "no comments",
    "performance",
    "faults",
    "groups",
    "labels",
    "against",
]


def nothing_to_draw(table):
    rank = topic_disagreement(table, table.system)
    scale = table.scale
    return {
        "performance": charts.performance_chart([None, None], "m", scale=scale),
        "faults": charts.topic_disagreement_chart(rank),
        "groups": charts.group_comparison_chart(
            topic_comparison(table, {}, topics=["none"]), scale=scale
        ),
        "labels": charts.labels_chart(left_out(1), scale=scale),
        "against": charts.against_system_chart([], [], scale=scale),
    }


def check_picture(png, least_width=400):
    """Check that it is a PNG of a sensible size whose rows are not all of one colour."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, data, width, height = 8, b"", 0, 0
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            data += body
        place += length + 12
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + 4 * width)
    assert least_width <= width <= 1800
    assert 120 <= height <= 1800
    assert np.mean([np.unique(row[1:]).size > 4 for row in rows]) > 0.05


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_renders_to_a_picture(specs, name):
    check_picture(charts.to_png(specs[name], scale=1))


def test_where_there_is_nothing_to_draw_the_chart_says_so(corpus):
    for name, spec in nothing_to_draw(corpus[0]).items():
        [row] = spec["datasets"]["message"]
        assert row["text"].endswith("."), name
        assert spec["datasets"][spec["layer"][0]["data"]["name"]] == [row]
    check_picture(charts.to_png(nothing_to_draw(corpus[0])["labels"], scale=1))


def test_a_blank_picture_would_be_noticed():
    spec = {"mark": "point", "data": {"values": []}, "width": 500, "height": 300, "encoding": {}}
    with pytest.raises(AssertionError):
        check_picture(charts.to_png(spec, scale=1))


@pytest.mark.parametrize("name", NAMES)
def test_specs_are_strict_json_with_named_data_and_titles(specs, name):
    spec = specs[name]
    text = json.dumps(spec, allow_nan=False)
    assert json.loads(text) == spec
    # The API's writer takes no number of NumPy for one, unlike that of the standard library.
    assert orjson.loads(orjson.dumps(spec)) == spec
    assert spec["title"]["text"]
    assert "data" not in spec
    names = [layer["data"]["name"] for layer in spec["layer"]]
    assert set(names) == set(spec["datasets"])
    # What the client does with each of the three plots.
    assert isinstance(spec["datasets"][spec["layer"][0]["data"]["name"]], list)
    # Plain fields alone: nothing that a click or a hover has to resolve.
    for word in ('"params"', '"selection"', '"signal"', '"values": {'):
        assert word not in text


def test_specs_are_valid_vega_lite_with_their_data(specs):
    import altair as alt

    for name, spec in specs.items():
        chart = alt.LayerChart.from_dict(spec)
        assert chart.to_dict()["title"]["text"] == spec["title"]["text"], name


def test_texts_are_on_one_line_without_control_and_direction_characters(specs):
    for name, spec in specs.items():
        text = json.dumps(spec, ensure_ascii=False)
        for bad in ("\u202e", "\u2066", "\\u0000", "\\r"):
            assert bad not in text, name
    shown = specs["comments"]["datasets"]["comments"]
    assert max(len(row["comment"]) for row in shown) <= 300


def test_a_call_does_not_change_the_next(corpus):
    table, you = corpus
    first = json.dumps(charts.topic_overview_chart(topic_overview(table, you)))
    spec = charts.topic_overview_chart(topic_overview(table, you))
    spec["layer"][2]["mark"]["size"] = 1
    spec["datasets"].clear()
    assert json.dumps(charts.topic_overview_chart(topic_overview(table, you))) == first


def test_the_overview_holds_what_the_contract_asks_for(corpus):
    table, you = corpus
    overview = topic_overview(table, you)
    spec = charts.topic_overview_chart(overview)
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["rect", "text", "square", "rule"]
    assert spec["width"] == 750
    assert spec["height"] <= 500
    squares = spec["layer"][2]
    assert squares["encoding"]["href"] == {"field": "url", "type": "nominal"}
    assert squares["encoding"]["x"]["field"] == "vis_pred_bin"
    assert squares["encoding"]["x"]["scale"]["domain"] == [0, 4]
    assert squares["encoding"]["color"]["field"] == "key"
    colours = squares["encoding"]["color"]["scale"]
    assert dict(zip(colours["domain"], colours["range"], strict=True)) == key_colours(table.scale)
    tooltips = [tip["field"] for tip in squares["encoding"]["tooltip"]]
    assert {"topic", "system_label", "rating_sys", "pred"} <= set(tooltips)
    rows = spec["datasets"][squares["data"]["name"]]
    assert rows == [{**row, "threshold": 2.0} for row in overview.records()]
    sides = spec["datasets"][spec["layer"][0]["data"]["name"]]
    assert [(side["start"], side["stop"]) for side in sides] == [(0, 2), (2, 4)]


def test_comments_without_the_model_are_drawn_by_the_system_alone(corpus):
    table, you = corpus
    spec = charts.topic_results_chart(comment_results(table, you, keyword="c", use_model=False))
    squares = spec["layer"][2]["encoding"]
    assert "pred" not in [tip["field"] for tip in squares["tooltip"]]
    assert squares["color"]["scale"]["domain"] == ["System says: Non-toxic", "System says: Toxic"]
    assert "system" in squares["x"]["title"]
    under = comment_results(table, you, keyword="c", error_filter=ErrorFilter.UNDER)
    rows = charts.topic_results_chart(under)["datasets"]["comments"]
    assert rows
    assert all(row["pred"] >= 2 for row in rows)


@pytest.mark.parametrize(
    ("tallest", "size", "height"),
    [(1, 75, 170), (20, 75, 286), (36, 75, 494), (50, 75, 500), (60, 64, 500), (498, 8, 500)],
)
def test_squares_shrink_until_they_fit(tallest, size, height):
    frame = pd.DataFrame(
        {
            "item_id": range(tallest),
            "text": "x",
            "topic_id": 0,
            "topic": "0_t",
            "system_rating": 1.0,
        }
    )
    table = AuditTable.from_frames(frame, frame, frame, scale=TOXICITY_SCALE)
    results = comment_results(table, np.full(tallest, 3.0), topic="0_t")
    spec = charts.topic_results_chart(results)
    assert spec["layer"][2]["mark"]["size"] == size
    assert spec["height"] == height
    assert spec["layer"][2]["encoding"]["y"]["scale"]["domain"][1] > tallest


def test_charts_follow_the_scale():
    frame = pd.DataFrame({"item_id": [1, 2], "text": "x", "topic_id": [0, 1]})
    frame = frame.assign(topic=["0_a", "1_b"], system_rating=[20.0, 90.0])
    percent = AuditTable.from_frames(frame, frame, frame, scale=PERCENT)
    spec = charts.topic_overview_chart(topic_overview(percent, np.array([80.0, 90.0])))
    assert spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 100]
    assert spec["datasets"]["threshold"] == [{"threshold": 25}]
    assert spec["datasets"]["topics"][0]["key"] == "System differs: Error <=12.5"
    spec = charts.performance_chart([20, 27], "m", scale=PERCENT)
    bands = spec["datasets"]["bands"]
    assert [(band["start"], band["stop"]) for band in bands] == [(0, 25), (25, 30), (30, 40)]
    assert "0 to 100" in spec["layer"][0]["encoding"]["y"]["title"]


def test_ends_of_the_scale_are_named_only_where_their_labels_say_more():
    you, system = np.array([1.0, 3.0]), np.array([2.0, 2.0])

    def words(scale):
        spec = charts.against_system_chart(you, system, scale=scale)
        return spec["title"]["subtitle"][1]

    assert words(TOXICITY_SCALE) == "Ratings: 0 = not at all toxic, 4 = extremely toxic"
    numbers = RatingScale.from_values([1, 2, 3, 4, 5])
    assert words(numbers) == "Ratings: 1 to 5"
    assert words(contract_scale(numbers)) == "Ratings: 0 to 4"


def test_performance_has_a_point_for_each_known_error():
    spec = charts.performance_chart([None, 2.0, 1.5], "my_model", scale=TOXICITY_SCALE)
    assert spec["title"]["text"] == "Performance over model versions: my_model"
    assert spec["width"] == 500
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["rect", "line"]
    assert spec["datasets"]["versions"] == [
        {"version": 1, "perf": 2.0, "metric": "Your MAE"},
        {"version": 2, "perf": 1.5, "metric": "Your MAE"},
    ]
    assert set(spec["datasets"]["bands"][0]) == {"start", "stop", "bkgd"}
    assert spec["datasets"]["bands"][-1]["stop"] == pytest.approx(2.2)
    many = charts.performance_chart([1.0] * 100, "m", scale=TOXICITY_SCALE)
    assert len(many["layer"][1]["encoding"]["x"]["axis"]["values"]) <= 12


def test_faults_show_the_ranking_and_its_counts(corpus):
    table, you = corpus
    ranked = topic_disagreement(table, you)
    assert ranked["topic"].iloc[0] == "3_some_words_here"
    rows = charts.topic_disagreement_chart(ranked, most=5)["datasets"]["topics"]
    assert list(dict.fromkeys(row["topic"] for row in rows)) == ranked["topic"].head(5).tolist()
    first = [row for row in rows if row["place"] == 0]
    assert {row["n"] for row in first} == {ranked["n_over"].iloc[0], ranked["n_under"].iloc[0]}
    leading = [row for row in rows if row["leads"]]
    assert len(leading) == 5
    assert all(abs(row["low"]) < row["size"] < abs(row["high"]) for row in leading)


def test_counts_of_the_map_are_of_all_comments(corpus):
    table, you = corpus
    spec = charts.against_system_chart(you, table.system, scale=table.scale)
    assert sum(row["count"] for row in spec["datasets"]["cells"]) == len(table)
    shares = [float(row["text"].split(": ")[1].rstrip(" %")) for row in spec["datasets"]["corners"]]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    under = 100 * float(((table.system <= 2) & (you > 2)).mean())
    assert f"system under-sensitive: {under:.1f} %" in [
        row["text"] for row in spec["datasets"]["corners"]
    ]


def test_labels_stay_near_their_value_and_say_the_error():
    frame = left_out(30)
    spec = charts.labels_chart(frame, scale=TOXICITY_SCALE)
    rows = spec["datasets"]["labels"]
    assert [row["label"] for row in rows] == frame["rating"].tolist()
    assert all(abs(row["shown"] - row["label"]) < 0.2 for row in rows)
    error = (frame["rating"] - frame["mean"]).abs().mean()
    assert f"error {error:.2f} points" in spec["title"]["subtitle"][1]
    other = (frame["rating"] > 2) != (frame["mean"] > 2)
    assert [row["side"] == "other decision" for row in rows] == other.tolist()
    many = charts.labels_chart(left_out(5_000), scale=TOXICITY_SCALE)
    assert len(many["datasets"]["labels"]) == MOST_LABELS


def test_comparison_holds_every_series_for_the_topics_farthest_apart(corpus):
    table, you = corpus
    far = you + 2.0 * (table.topics.codes == table.topics.position["7_some_words_here"])
    compared = topic_comparison(table, {"me": you, "far": far, "System": you}, most=4)
    assert compared["topic"].iloc[0] == "7_some_words_here"
    assert compared["series"].tolist()[:4] == ["System", "me", "far", "System'"]
    assert len(compared) == 16
    value = compared.set_index(["topic", "series"])["value"]
    rows = table.topics.rows_of("7_some_words_here")
    assert value["7_some_words_here", "me"] == pytest.approx(you[rows].mean())
    assert value["7_some_words_here", "System"] == pytest.approx(table.system[rows].mean())
    chosen = topic_comparison(table, {"me": you}, topics=["2_some_words_here", "none"])
    assert chosen["topic"].unique().tolist() == ["2_some_words_here"]


def test_only_the_charts_load_altair():
    code = (
        "import sys, labelaudit_dagster.auditing.views, labelaudit_dagster.auditing.groups,"
        " labelaudit_dagster.auditing.disagreement, labelaudit_dagster.auditing.scaffolds;"
        "assert not {'altair', 'jax', 'dagster', 'vl_convert'} & set(sys.modules);"
        "import labelaudit_dagster.auditing.charts; assert 'altair' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
