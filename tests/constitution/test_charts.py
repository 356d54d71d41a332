"""Every chart renders offline, holds strict JSON, and shows the numbers of the document."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ItemEstimates,
    ItemUncertainty,
    charts,
    decide_constitution,
    perspective_bands,
)
from labelaudit_dagster.constitution.charts.data import (
    LOSS_FLOOR,
    MOST_POINTS,
    accepted_rows,
    candidate_rows,
    convergence_rows,
    guideline_rows,
    passing_rows,
    rater_factor_bins,
    threshold_rows,
)

CANDIDATES = [
    {"name": "random-1", "loss": 0.125, "kkt": 1e-7, "sweeps": 100, "status": "converged"},
    {"name": "zero-factors", "loss": 0.126, "kkt": 1e-7, "sweeps": 9, "status": "converged"},
    {"name": "random-2", "loss": 0.125, "kkt": 1e-3, "sweeps": 999, "status": "iteration_limit"},
    {"name": "broken", "loss": float("nan"), "kkt": 1, "sweeps": 1, "status": "not_finite"},
]
HOSTILE = [
    "a|b <b>",
    "\u202eevil\u2066",
    "nul\0here",
    "🧑‍🤝‍🧑 日本語",
    "שלום",
    "'); alert(1)//",
    "x" * 400,
]


def loss_and_residual(steps=60):
    decay = 10.0 ** -np.linspace(0, 12, steps)
    return 0.125 + decay, np.sqrt(decay)


@pytest.fixture
def uncertain_document(wrap_document):
    ids = [f"g{i}" for i in range(len(HOSTILE))]
    m = len(ids)
    decisions = decide_constitution(
        pd.DataFrame({"guideline_id": ids, "text": HOSTILE}),
        ItemEstimates.from_arrays(
            ids,
            n_ratings=np.full(m, 20),
            n_helpful=np.full(m, 19),
            intercepts=np.linspace(0.36, 0.5, m),
            factors=np.linspace(-1, 1, m),
            numerical_error=1e-3,
        ),
        AcceptanceRule(),
        uncertainty=ItemUncertainty.from_arrays(
            ids,
            standard_error=np.full(m, 0.03),
            interval_low=np.linspace(0.30, 0.44, m),
            interval_high=np.linspace(0.42, 0.56, m),
            p_accepted=np.linspace(0.2, 1.0, m),
        ),
    )
    return wrap_document(decisions)


def all_charts(document, uncertain):
    loss, residual = loss_and_residual()
    return {
        "convergence": charts.convergence_chart(loss, residual, tolerance=1e-6),
        "gradient": charts.convergence_chart(loss, [], step_name="iteration"),
        "points": charts.intercept_factor_chart(document),
        "raters": charts.rater_factor_histogram(np.linspace(-1, 0.5, 101)[:, None]),
        "passing": charts.passing_chart(document),
        "accepted": charts.accepted_chart(document),
        "forest": charts.accepted_chart(uncertain, interval_level=0.9),
        "threshold": charts.threshold_chart(uncertain),
        "candidates": charts.candidates_chart(CANDIDATES),
        "perspectives": charts.perspective_chart(HOSTILE[0], band_rows()),
        "history": charts.guideline_history_chart(HOSTILE[0], history_rows()),
        "versions": charts.versions_chart(version_rows()),
    }


def history_rows(n=6):
    """A guideline over several constitutions, some without an interval, under two thresholds."""
    statuses = ["too_few_ratings", "rejected", "undecided", "accepted"]
    return [
        {
            "position": 3 * i + 1,  # those between are pruned
            "created_at": f"2026-03-{i + 1:02d}T10:00:00+00:00",
            "status": statuses[i % 4],
            "intercept": 0.36 + 0.01 * (i % 3),
            "low": None if i < 2 else 0.3,
            "high": None if i < 2 else 0.4,
            "threshold": 0.375 if i < 4 else 0.36,
            "keeping": 0.365 if i < 4 else 0.36,
        }
        for i in range(n)
    ]


def version_rows(n=6):
    return [
        {"position": i + 1, "created_at": f"2026-03-{i + 1:02d}T10:00:00+00:00",
         "accepted": 12 + i, "entered": 12 if i == 0 else 2, "left": i % 2}
        for i in range(n)
    ]  # fmt: skip


def band_rows():
    """Bands of one guideline that forty raters have rated, one of them hidden."""
    factors = np.linspace(-1, 1, 60)
    raters = np.r_[np.arange(30), np.arange(30, 34), np.arange(50, 60)]
    n = len(raters)
    found = perspective_bands(np.zeros(n, int), raters, raters % 3 == 0, factors, ["g"])
    rows = found.rows("g")
    assert any(row["n_ratings"] is None for row in rows)
    return rows


def empty_charts(document):
    return {
        "convergence": charts.convergence_chart([], []),
        "points": charts.intercept_factor_chart(document),
        "raters": charts.rater_factor_histogram([0.0, 0.0]),
        "passing": charts.passing_chart(document),
        "accepted": charts.accepted_chart(document),
        "threshold": charts.threshold_chart(document),
        "candidates": charts.candidates_chart([]),
        "perspectives": charts.perspective_chart("Be kind.", []),
        "history": charts.guideline_history_chart("Be kind.", []),
        "versions": charts.versions_chart([]),
    }


def pixels(png):
    """Return width, height and the filtered rows of an RGBA picture of 8 bits."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, data = 8, b""
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            data += body
        place += length + 12
    assert (depth, colour) == (8, 6)
    raw = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + 4 * width)
    # Filtered bytes differ from the picture, but a blank picture gives constant filtered rows.
    return width, height, raw


def check_picture(png, least_width=500):
    width, height, raw = pixels(png)
    assert least_width <= width <= 3000
    assert 150 <= height <= 3000
    varied = [np.unique(row[1:]).size > 4 for row in raw]
    assert np.mean(varied) > 0.05


@pytest.mark.parametrize(
    "name",
    [
        "convergence",
        "gradient",
        "points",
        "raters",
        "passing",
        "accepted",
        "forest",
        "threshold",
        "candidates",
        "perspectives",
        "history",
        "versions",
    ],
)
def test_every_chart_renders_to_a_picture(document, uncertain_document, name):
    check_picture(charts.to_png(all_charts(document, uncertain_document)[name]))


def test_a_blank_picture_would_be_noticed():
    import altair as alt

    blank = alt.Chart(alt.InlineData(values=[{}])).mark_point(opacity=0)
    with pytest.raises(AssertionError):
        check_picture(charts.to_png(blank.properties(width=600, height=300)))


def test_where_there_is_nothing_to_draw_the_chart_says_so(wrap_document):
    nothing = ItemEstimates.from_arrays(
        [], n_ratings=[], n_helpful=[], intercepts=[], factors=np.zeros((0, 1))
    )
    frame = pd.DataFrame({"guideline_id": ["e"], "text": ["unrated"]})
    document = wrap_document(decide_constitution(frame, nothing, AcceptanceRule()))
    for name, chart in empty_charts(document).items():
        check_picture(charts.to_png(chart, scale=1), least_width=400)
        if name != "passing":
            assert re.search(r"No |There is no|All 2 raters", chart.to_json())


def test_specs_are_strict_json_with_titles_and_inline_data(document, uncertain_document):
    for name, chart in all_charts(document, uncertain_document).items():
        spec = json.loads(json.dumps(chart.to_dict(), allow_nan=False))
        assert spec["title"]["text"], name
        assert '"url"' not in json.dumps(spec), name


def test_the_threshold_is_drawn_where_the_rule_has_it(make_document):
    rule = AcceptanceRule(intercept_threshold=0.25)
    document = make_document([("a", 9, 9, 0.5)], rule=rule)
    for chart in (charts.intercept_factor_chart(document), charts.threshold_chart(document)):
        assert re.findall(r'"limit": ([^,}\s]+)', chart.to_json()) == ["0.25"]
    assert "threshold 0.25" in charts.intercept_factor_chart(document).to_json()


def test_points_show_rated_guidelines_only_and_decisive_ones_on_top(document):
    rows = guideline_rows(document)
    assert sorted(row["id"] for row in rows) == ["a", "b", "c", "d", "f"]
    assert [row["status"] for row in rows] == [
        "too few ratings",
        "rejected",
        "rejected",
        "accepted",
        "undecided",
    ]


def test_many_guidelines_are_binned_without_losing_one(wrap_document):
    m = 3 * MOST_POINTS
    rng = np.random.default_rng(0)
    ids = [f"g{i:05d}" for i in range(m)]
    n = rng.integers(1, 30, m)
    decisions = decide_constitution(
        pd.DataFrame({"guideline_id": ids, "text": ids}),
        ItemEstimates.from_arrays(
            ids,
            n_ratings=n,
            n_helpful=rng.binomial(n, 0.8),
            intercepts=rng.normal(0.3, 0.2, m),
            factors=rng.normal(0, 1, m),
        ),
        AcceptanceRule(),
    )
    document = wrap_document(decisions)
    rows = guideline_rows(document)
    assert len(rows) <= MOST_POINTS
    assert sum(row["count"] for row in rows) == m
    shown = pd.DataFrame(rows).groupby("status")["count"].sum().to_dict()
    assert {name.replace(" ", "_"): n for name, n in shown.items()} == {
        status: n for status, n in document["counts"].items() if n
    }


def test_convergence_by_hand_and_thinned():
    rows = convergence_rows([0.5, 0.25, 0.125], [1.0, 0.5, 0.0])
    assert rows == [
        {"sweep": 0, "excess": 0.375, "residual": 1.0},
        {"sweep": 1, "excess": 0.125, "residual": 0.5},
        {"sweep": 2, "excess": None, "residual": None},
    ]
    long = convergence_rows(*loss_and_residual(100_000))
    assert len(long) <= MOST_POINTS // 2
    assert (long[0]["sweep"], long[-1]["sweep"]) == (0, 99_999)
    assert convergence_rows([float("nan"), 0.5], [])[0]["excess"] is None
    with pytest.raises(ValueError, match="kkt"):
        convergence_rows([1.0, 2.0], [1.0])


def test_rater_bins_keep_the_sides_apart_and_count_everybody():
    rng = np.random.default_rng(1)
    factors = np.concatenate([rng.normal(0, 1, 100_000), np.zeros(123)])
    bars, at_zero, total = rater_factor_bins(factors)
    assert (at_zero, total) == (123, 100_123)
    assert len(bars) <= 41
    assert sum(bar["count"] for bar in bars) == 100_000
    below = sum(bar["count"] for bar in bars if bar["side"] == "below zero")
    assert below == int((factors < 0).sum())
    assert not any(bar["low"] < 0 < bar["high"] for bar in bars)


@pytest.mark.parametrize("factors", [[0.3], [-0.3], [-1e-9, 1.0], [1e300, -1e300]])
def test_rater_bins_of_few_raters(factors):
    bars, _, total = rater_factor_bins(factors)
    assert sum(bar["count"] for bar in bars) == total == len(factors)


def test_passing_counts_by_hand(document):
    counts = {(row["test"], row["measure"]): row["count"] for row in passing_rows(document)}
    assert list(counts.values()) == [6, 4, 4, 4, 3, 4, 2, 4, 1]
    assert counts["support of 80% or more", "passes this test"] == 4
    assert list(counts)[-1] == ("side of the threshold certain", "passes it and all above")


def test_accepted_rows_are_the_accepted_in_order(uncertain_document):
    rows = accepted_rows(uncertain_document, 3, 20)
    accepted = [row for row in uncertain_document["guidelines"] if row["status"] == "accepted"]
    assert [row["id"] for row in rows] == [row["guideline_id"] for row in accepted[:3]]
    for row in accepted_rows(uncertain_document, 99, 20):
        lines = row["label"].split("\n")
        assert len(lines) <= 2
        assert all(len(line) <= 20 for line in lines)


def test_threshold_rows_are_the_nearest_that_only_the_intercept_decides(document):
    rows = threshold_rows(document, 2, 40)
    assert [row["id"] for row in rows] == ["d", "b"]
    assert [row["margin"] for row in rows] == ["+0.00000024", "exactly on it"]
    assert [row["id"] for row in threshold_rows(document, 9, 40)] == ["a", "d", "b"]


def test_candidates_are_ordered_and_those_without_a_loss_left_out():
    rows = candidate_rows(CANDIDATES)
    assert [row["name"] for row in rows] == ["random-1", "random-2", "zero-factors"]
    assert [row["excess"] for row in rows] == [
        LOSS_FLOOR,
        LOSS_FLOOR,
        pytest.approx(0.001),
    ]


def test_only_the_charts_load_altair():
    code = (
        "import sys, labelaudit_dagster.constitution;"
        "assert not {'altair', 'jax', 'dagster', 'vl_convert'} & set(sys.modules);"
        "import labelaudit_dagster.constitution.charts; assert 'altair' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_guideline_over_time_shows_each_status_and_each_limit():
    spec = charts.guideline_history_chart("A|b <b>", history_rows()).to_dict()
    (rows,) = spec["datasets"].values()
    assert [row["threshold"] for row in rows] == [0.375] * 4 + [0.36] * 2
    assert {row["status"] for row in rows} == {
        "accepted", "rejected", "undecided", "too few ratings",
    }  # fmt: skip
    text = json.dumps(spec)
    assert '"keeping"' in json.dumps(spec["layer"])
    assert "6 constitutions from 2026-03-01 to 2026-03-06" in text
    plain = [{**row, "keeping": row["threshold"]} for row in history_rows(1)]
    one = charts.guideline_history_chart("g", plain).to_dict()
    assert "keeping" not in json.dumps(one["layer"])
    assert "1 constitution, of 2026-03-01" in json.dumps(one)


def test_constitutions_over_time_leave_the_first_ones_entries_out():
    spec = charts.versions_chart(version_rows()).to_dict()
    moves = next(rows for rows in spec["datasets"].values() if "way" in rows[0])
    assert min(row["position"] for row in moves) == 2
    assert {row["count"] for row in moves if row["way"] == "left"} == {0, -1}
    long = charts.versions_chart(version_rows(25) * 40).to_dict()
    assert max(len(rows) for rows in long["datasets"].values()) <= 800
    check_picture(charts.to_png(charts.versions_chart(version_rows(1))))
