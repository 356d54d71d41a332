"""A guideline as pages show it: its words, its place on the strip, and whether it is nearly in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app_api.audit import BoundedCache
from app_api.constitutions import ConstitutionView
from app_api.web.guideline_cards import (
    NEARLY_SHARE,
    STATUS_WORDS,
    Card,
    Scale,
    cases,
    guideline_card,
    guideline_cards,
)
from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ItemEstimates,
    ModelFigures,
    constitution_document,
    decide_constitution,
)

FIGURES = ModelFigures(
    mu=0.25, typical_leniency=0.25, demanding_leniency=0.125, lambda_intercept=0.25
)
# Id -> ratings, helpful ones, intercept.
GUIDELINES = {
    "in": (10, 9, 0.5),
    "few": (4, 4, 0.5),
    "low": (50, 45, 0.1),
    "disliked": (1000, 796, 0.5),
    "unrated": (0, 0, 0.0),
    "close": (10, 10, 0.36),
}


@dataclass(frozen=True, eq=False)
class View(ConstitutionView):
    """A constitution whose solution need not be read from anywhere."""

    def figures(self) -> ModelFigures:
        return FIGURES


@pytest.fixture
def view(tmp_path: Path) -> View:
    """The decisions on `GUIDELINES`; tests change the rows of the document."""
    rated = {key: one for key, one in GUIDELINES.items() if one[0]}
    numbers = list(rated.values())
    rule = AcceptanceRule()
    document: dict[str, Any] = constitution_document(
        decide_constitution(
            pd.DataFrame(
                {
                    "guideline_id": list(GUIDELINES),
                    "text": [f"Be {name}." for name in GUIDELINES],
                    "topic_id": pd.Series(["t1", None, "gone", None, None, None], dtype=object),
                }
            ),
            ItemEstimates.from_arrays(
                list(rated),
                n_ratings=[one[0] for one in numbers],
                n_helpful=[one[1] for one in numbers],
                intercepts=[one[2] for one in numbers],
                factors=[0.0] * len(numbers),
                numerical_error=[0.0] * len(numbers),
            ),
            rule,
        ),
        rule=rule,
        solver=dict.fromkeys(("loss", "kkt", "sweeps", "seconds"), 0)
        | {"method": "exact", "status": "converged"},
        parameters={"lambda_intercept": 0.25},
        n_raters=50,
        version="made by hand",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        provenance={},
        mu=0.25,
    )
    store = ArtifactStore(tmp_path)
    return View(
        ref=store.write("constitution", document),
        document=document,
        changes={},
        by_id={row["guideline_id"]: row for row in document["guidelines"]},
        interval_level=None,
        uncertainty_ref=None,
        topics={"t1": "Tone"},
        state="",
        _store=store,
        _cache=BoundedCache(1),
    )


def card(view: View, key: str, **changes: Any) -> Card:
    """Return the card of a guideline some of whose figures are others."""
    view.by_id[key].update(changes)
    return guideline_card(view, view.by_id[key])


def test_cards_are_those_of_the_document_in_its_order(view: View) -> None:
    found = guideline_cards(view)
    rows = view.document["guidelines"]
    assert [one.guideline_id for one in found] == [row["guideline_id"] for row in rows]
    assert found == [guideline_card(view, row) for row in rows]
    assert {one.guideline_id: one.status for one in found} == {
        "in": "accepted", "few": "too_few_ratings", "low": "rejected", "disliked": "rejected",
        "unrated": "too_few_ratings", "close": "rejected",
    }  # fmt: skip
    for one in found:
        assert (one.look, one.status_words) == STATUS_WORDS[one.status]
        assert one.text == f"Be {one.guideline_id}."
        assert one.verdict


def test_a_topic_has_its_title_where_it_is_known(view: View) -> None:
    assert [card(view, key).topic for key in ("in", "few", "low")] == ["Tone", None, None]


def test_shares_are_rounded_down_and_never_over_the_limit(view: View) -> None:
    assert card(view, "disliked").percent == 79  # 79.6 % is not the 80 % that are needed
    assert card(view, "in").percent == 90
    assert card(view, "in", raw_support=0.57).percent == 57  # 57 is 56.99999999999999 as a float
    assert card(view, "unrated").percent is None


def test_what_was_never_rated_has_no_place(view: View) -> None:
    found = card(view, "unrated")
    assert (found.n_ratings, found.intercept, found.point, found.interval) == (0, None, None, None)


def test_the_strip_holds_every_intercept_and_interval(view: View) -> None:
    card(view, "in", interval_low=0.4, interval_high=0.9)
    scale = Scale.of(view)
    assert (scale.low, scale.high, scale.threshold) == (0.1, 0.9, 0.375)
    assert (scale.place(0.1), scale.place(0.9), scale.place(0.5)) == (0.0, 100.0, 50.0)
    found = card(view, "in")
    assert found.point == 50.0
    assert found.interval == (37.5, 100.0)


def test_the_strip_is_wide_where_everything_lies_at_the_threshold(view: View) -> None:
    for row in view.document["guidelines"]:
        row["intercept"] = None
    scale = Scale.of(view)
    assert (scale.low, scale.high) == (pytest.approx(0.175), pytest.approx(0.575))
    assert scale.place(0.375) == 50.0


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "in practically every case"), (0.995, "in practically every case"),
        (0.9949, "in about 99 of 100 cases"), (0.5, "in about 50 of 100 cases"),
        (0.005, "in about 0 of 100 cases"), (0.0049, "in practically no case"),
        (0.0, "in practically no case"),
    ],
)  # fmt: skip
def test_chances_are_told_in_words(share: float, words: str) -> None:
    assert cases(share) == words


@pytest.mark.parametrize(
    ("share", "sure"),
    [(None, True), (0.0, True), (0.1, True), (0.11, False), (0.89, False), (0.9, True)],
)
def test_what_is_not_sure_is_marked(view: View, share: float | None, sure: bool) -> None:
    found = card(view, "in", p_accepted=share)
    assert found.sure is sure
    assert found.certainty == (None if share is None else cases(share))


@pytest.mark.parametrize(
    ("key", "changes", "nearly"),
    [
        ("in", {}, False),
        ("in", {"p_accepted": 0.5}, False),  # it is in, however nearly it is out
        ("low", {}, False),
        ("low", {"p_accepted": NEARLY_SHARE}, True),
        ("low", {"p_accepted": NEARLY_SHARE - 0.001}, False),
        ("low", {"status": "undecided"}, True),
        ("few", {}, True),  # one rating is missing
        ("close", {"n_helpful": 10, "intercept": 0.373}, True),  # one more praise would do
        ("close", {"intercept": 0.2}, False),
    ],
)
def test_what_is_nearly_accepted(
    view: View, key: str, changes: dict[str, Any], nearly: bool
) -> None:
    assert card(view, key, **changes).nearly is nearly


def test_few_more_ratings_are_a_tenth_of_those_there_are(view: View) -> None:
    # (796 + h) / (1000 + h) reaches 0.8 at h = 20.
    found = card(view, "disliked")
    assert found.needed == 20
    assert found.nearly
    assert "20 more typical raters" in found.needs
    assert not card(view, "disliked", n_ratings=100, n_helpful=70).nearly  # 50 of 100 are many


def test_what_would_take_it_out_reckons_with_inertia(view: View) -> None:
    strict = card(view, "in").needed
    view.document["parameters"] |= {"inertia": 0.1, "support_inertia": 0.3}
    lenient = card(view, "in").needed
    assert strict is not None
    assert lenient is not None
    assert lenient > strict
