"""Errors, colours and keys by hand, at and around every limit."""

from __future__ import annotations

import numpy as np
import pytest

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.auditing.views import (
    ERROR_TYPES,
    ErrorFilter,
    contract_scale,
    error_amounts,
    error_codes,
    error_colours,
    key_colours,
    plot_keys,
)
from labelaudit_dagster.auditing.views.decisions import passes_filter

FIVE = RatingScale.from_values([1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("you", "system", "error_type", "colour", "key"),
    [
        (2.0, 2.0, "No error (agree non-toxic)", "#FFF", "System agrees: Non-toxic"),
        (2.001, 4.0, "No error (agree toxic)", "#808080", "System agrees: Toxic"),
        (2.0, 4.0, "System may be over-sensitive", "#d62728", "System differs: Error > 1.5"),
        (2.0, 3.5, "System may be over-sensitive", "#ff7a5c", "System differs: Error > 1"),
        (2.0, 3.0, "System may be over-sensitive", "#ffa894", "System differs: Error > 0.5"),
        (2.0, 2.5, "System may be over-sensitive", "#ffd1c7", "System differs: Error <=0.5"),
        (4.0, 2.0, "System may be under-sensitive", "#ffd1c7", "System differs: Error <=0.5"),
        (2.1, 0.4, "System may be under-sensitive", "#d62728", "System differs: Error > 1.5"),
    ],
)
def test_rows_by_hand(you, system, error_type, colour, key):
    # The distance that counts is the system's from the threshold, whatever the person says.
    codes = error_codes([you], [system], TOXICITY_SCALE)
    assert ERROR_TYPES[codes[0]] == error_type
    assert error_colours(codes, [system], TOXICITY_SCALE).tolist() == [colour]
    expected = key.replace("> 1", "> 1.0") if key.endswith("> 1") else key
    assert plot_keys([you], [system], TOXICITY_SCALE).tolist() == [expected]
    assert expected in key_colours(TOXICITY_SCALE)


def test_legend_is_that_of_the_contract():
    assert key_colours(TOXICITY_SCALE) == {
        "System agrees: Non-toxic": "white",
        "System agrees: Toxic": "#cbcbcb",
        "System differs: Error > 1.5": "red",
        "System differs: Error > 1.0": "#ff7a5c",
        "System differs: Error > 0.5": "#ffa894",
        "System differs: Error <=0.5": "#ffd1c7",
    }
    assert plot_keys(None, [2.0, 2.1], TOXICITY_SCALE).tolist() == [
        "System says: Non-toxic",
        "System says: Toxic",
    ]


def test_another_scale_gives_the_same_rows_in_its_own_units():
    wide = RatingScale.from_values([0, 25, 50, 75, 100])
    system = np.linspace(0, 4, 41)
    you = system[::-1]
    codes = error_codes(you, system, TOXICITY_SCALE)
    assert np.array_equal(codes, error_codes(you * 25, system * 25, wide))
    assert np.array_equal(
        error_colours(codes, system, TOXICITY_SCALE), error_colours(codes, system * 25, wide)
    )
    assert error_amounts([100.0, 37.5], wide).tolist() == [50.0, 12.5]
    assert "System differs: Error > 37.5" in key_colours(wide)


def test_contract_scale_maps_values_and_threshold():
    mapped = contract_scale(RatingScale.from_values([1, 2, 3, 4, 5, 6, 7], threshold=5))
    assert (mapped.values[0], mapped.values[-1]) == (0.0, 4.0)
    assert mapped.threshold == pytest.approx(8 / 3)
    assert contract_scale(TOXICITY_SCALE) == TOXICITY_SCALE
    assert contract_scale(FIVE).threshold == 2.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Both", ErrorFilter.BOTH),
        ("System is under-sensitive", ErrorFilter.UNDER),
        ("System may be over-sensitive", ErrorFilter.OVER),
        ("Show errors and non-errors", ErrorFilter.ALL),
        ("over", ErrorFilter.OVER),
        ("null", ErrorFilter.ALL),
        ("", ErrorFilter.ALL),
        (None, ErrorFilter.ALL),
        ("<script>", ErrorFilter.ALL),
    ],
)
def test_filters_are_read_from_the_words_of_the_client(text, expected):
    assert ErrorFilter.from_text(text) is expected


def test_filters_let_through_what_they_say():
    codes = np.array([0, 1, 2, 3], dtype=np.int8)
    kept = {f: np.flatnonzero(passes_filter(codes, f)).tolist() for f in ErrorFilter}
    assert kept == {
        ErrorFilter.ALL: [0, 1, 2, 3],
        ErrorFilter.BOTH: [1, 2],
        ErrorFilter.UNDER: [1],
        ErrorFilter.OVER: [2],
    }
