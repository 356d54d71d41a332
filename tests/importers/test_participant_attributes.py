"""Attributes that are joined to participants: what is known last stands, and nobody is added."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labelaudit_dagster.importers.participant_attributes import with_attributes

Attributes = Mapping[str, Mapping[str, str | None]]


def table(ids: list[str], **columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant_id": pd.Series(ids, dtype="str"),
            **{name: pd.Series(values, dtype="str") for name, values in columns.items()},
        }
    )


def plain(frame: pd.DataFrame) -> dict[str, list[str | None]]:
    return {
        str(name): [None if pd.isna(value) else value for value in frame[name]] for name in frame
    }


def test_attributes_of_nobody_here_change_nothing() -> None:
    before = table(["ann", "bob"], sex=["Female", None])
    nothing: Attributes = {}
    for attributes in (nothing, {"eve": {"sex": "Male", "age": "18-24"}}):
        assert with_attributes(before, attributes) is before


def test_columns_are_joined_by_id_and_ordered_by_name() -> None:
    before = table(["bob", "ann"], sex=["Male", "Female"])
    after = with_attributes(
        before, {"ann": {"language": "es"}, "bob": {"age": "25-34"}, "eve": {"zodiac": "leo"}}
    )
    assert list(after) == ["participant_id", "age", "language", "sex"]
    assert plain(after) == {
        "participant_id": ["bob", "ann"],
        "age": ["25-34", None],
        "language": [None, "es"],
        "sex": ["Male", "Female"],
    }
    assert list(before) == ["participant_id", "sex"], "the table that was given stays as it is"


def test_what_was_received_stands_before_the_table_also_where_it_is_nothing() -> None:
    before = table(["ann", "bob", "eve"], sex=["Female", "Male", "Female"])
    after = with_attributes(before, {"ann": {"sex": None}, "bob": {"sex": "Other"}})
    assert plain(after)["sex"] == [None, "Other", "Female"]


def test_a_column_in_which_nobody_is_known_any_more_goes() -> None:
    before = table(["ann"], sex=["Female"], age=["18-24"])
    after = with_attributes(before, {"ann": {"sex": None, "language": None}})
    assert plain(after) == {"participant_id": ["ann"], "age": ["18-24"]}


def test_an_attribute_named_as_the_id_does_not_replace_it() -> None:
    before = table(["ann"])
    after = with_attributes(before, {"ann": {"participant_id": "eve", "sex": "Female"}})
    assert plain(after) == {"participant_id": ["ann"], "sex": ["Female"]}


def test_rows_keep_their_order_index_and_type() -> None:
    before = table(["a", "b", "c", "d"], sex=["1", "2", None, "4"]).iloc[[3, 0, 2]]
    after = with_attributes(before, {"c": {"sex": "3"}})
    assert after.index.tolist() == [3, 0, 2]
    assert plain(after) == {"participant_id": ["d", "a", "c"], "sex": ["4", "1", "3"]}
    assert after.dtypes.astype(str).unique().tolist() == ["str"]
