"""Who took part: no small group is shown, and none follows from what is shown."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.constitution import rater_groups
from labelaudit_dagster.constitution.charts import to_png, who_took_part_chart
from labelaudit_dagster.small_groups import MIN_GROUP, hidden_groups


def people(**columns: list[str | None]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    ids = pd.Series([f"p{number:04d}" for number in range(n)], dtype="str")
    return pd.DataFrame(
        {"participant_id": ids, **{k: pd.Series(v, dtype="str") for k, v in columns.items()}}
    )


def counted(frame: pd.DataFrame) -> list[tuple[str, str | None, int | None]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return list(zip(plain["kind"], plain["value"], plain["n_raters"], strict=True))


def count(values: list[str | None]) -> list[tuple[str, str | None, int | None]]:
    frame = people(Sex=values)
    return counted(rater_groups(frame, frame["participant_id"].tolist()))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (["F"] * 9 + ["M"] * 7, [("value", "F", 9), ("value", "M", 7)]),
        (["F"] * 9 + [None] * 7, [("value", "F", 9), ("unknown", None, 7)]),
        # One person alone is hidden, and the smallest others with them.
        (["F"] * 9 + ["M"] * 7 + ["X"], [("value", "F", 9), ("rest", None, 8)]),
        (["F"] * 9 + ["M"] * 7 + [None], [("value", "F", 9), ("rest", None, 8)]),
        (["F"] * 9 + ["M"], [("rest", None, 10)]),
        # Two small ones cover for each other when they are five together.
        (["F"] * 9 + ["X"] * 3 + ["Y"] * 2, [("value", "F", 9), ("rest", None, 5)]),
        (["F"] * 9 + ["X"] * 2 + ["Y"] * 2, [("rest", None, 13)]),
        (["F"] * 3, [("rest", None, None)]),
        (["F"] * 4 + ["f "] * 5 + ["M  a"] * 6, [("value", "f", 9), ("value", "M a", 6)]),
        ([None] * 9, []),
        ([], []),
    ],
)
def test_groups_are_shown_or_joined(values, shown) -> None:
    assert count(values) == shown


def test_only_who_took_part_counts() -> None:
    frame = people(Sex=["F"] * 8 + ["M"] * 8, Age=["18-24"] * 16)
    took_part = [*frame["participant_id"][:14], *(f"stranger {n}" for n in range(5))]
    found = rater_groups(frame, took_part)
    assert found["column"].tolist() == ["Sex"] * 3 + ["Age"] * 2
    assert counted(found)[:3] == [("value", "F", 8), ("value", "M", 6), ("unknown", None, 5)]
    assert found.groupby("column")["share"].sum().round(9).tolist() == [1.0, 1.0]
    assert rater_groups(people(Sex=["F"])[["participant_id"]], ["p0000"]).empty


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "d", "e", None]), max_size=60))
def test_what_is_hidden_cannot_be_computed(values: list[str | None]) -> None:
    """Each hidden group could be at least two sizes, and no shown one is small."""
    found = count(values)
    sizes = pd.Series(values, dtype="str").value_counts(dropna=False)
    known = sizes[sizes.index.notna()]
    if known.empty:
        assert found == []
        return
    for kind, value, n in found:
        assert n is None or n >= MIN_GROUP
        if kind == "value":
            assert n == known[value]
    shown = [n for kind, _, n in found if kind != "rest"]
    n_hidden = int((sizes > 0).sum()) - len(shown)
    left = len(values) - sum(n for n in shown if n)
    if n_hidden == 0:
        assert left == 0
    elif len(values) >= MIN_GROUP:
        # More than one group shares at least five people, unless there is one group in all.
        assert left >= MIN_GROUP
        assert n_hidden >= 2
    assert sum(n or 0 for _, _, n in found) in (len(values), 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=1, max_size=5),
    st.integers(1, 8),
)
def test_the_one_rule_hides_enough(rows: list[list[int]], least: int) -> None:
    counts = np.array(rows, dtype=np.int64)
    hidden = hidden_groups(counts, least)
    assert not hidden[counts == 0].any()
    assert hidden[(counts > 0) & (counts < least)].all()
    for count_row, hidden_row in zip(counts, hidden, strict=True):
        if hidden_row.any():
            everything_hidden = hidden_row.sum() == (count_row > 0).sum()
            enough = hidden_row.sum() >= 2 and count_row[hidden_row].sum() >= least
            assert enough or everything_hidden
        else:
            assert not ((count_row > 0) & (count_row < least)).any()


def records(frame: pd.DataFrame) -> list[dict]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_the_chart_shows_the_numbers_and_nothing_else() -> None:
    frame = people(
        Sex=["Female"] * 40 + ["<b>Male</b>"] * 30 + ["Other"] * 2 + [None] * 3,
        Place=[f"A place whose name is long enough to be cut here {n % 15}" for n in range(75)],
        Id=[f"secret {n}" for n in range(75)],
    )
    groups = rater_groups(frame, frame["participant_id"].tolist())
    chart = who_took_part_chart(records(groups), 75)
    text = json.dumps(chart.to_dict(), allow_nan=False)
    for absent in ("secret", "Other", '"Id"'):
        assert absent not in text
    for present in ("Female", "groups that are not shown", "all other groups", "(2)", "75 people"):
        assert present in text
    assert to_png(chart, scale=1).startswith(b"\x89PNG")
    nothing = who_took_part_chart(records(groups[groups["kind"] != "value"]), 75)
    assert "Nothing is known of enough people" in nothing.to_json()
