"""Attributes of raters by value; small groups are hidden."""

from __future__ import annotations

import pandas as pd

from labelaudit_dagster.constitution.who_took_part import Attribute, who_took_part


def people(**columns: list[str | None]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"participant_id": [f"p{at}" for at in range(n)], **columns})


def everybody(frame: pd.DataFrame) -> list[str]:
    return frame["participant_id"].tolist()


def test_values_are_counted_among_the_raters() -> None:
    frame = people(region=["city"] * 9 + ["land"] * 6 + [None] * 5)
    assert who_took_part(frame, everybody(frame)) == [
        Attribute("region", (("city", 9), ("land", 6), (None, 5)), 0)
    ]
    assert who_took_part(frame, everybody(frame)[:14]) == [
        Attribute("region", (("city", 9), ("land", 5)), 0)
    ]


def test_no_small_group_is_shown_or_follows_from_the_total() -> None:
    frame = people(region=["a"] * 20 + ["b"] * 9 + ["c"] * 4)
    (found,) = who_took_part(frame, everybody(frame))
    # With c alone hidden, 33 - 29 would tell it.
    assert found == Attribute("region", (("a", 20),), 2)


def test_what_cannot_be_shown_is_left_out() -> None:
    frame = people(xid=[f"x{at}" for at in range(40)], same=["a"] * 40, pairs=["a", "b"] * 20)
    assert [one.name for one in who_took_part(frame, everybody(frame))] == ["pairs"]
    assert who_took_part(frame, []) == []
    few = people(region=["a", "b", "b"])
    assert who_took_part(few, everybody(few)) == []
