"""Demographics are reduced to an allow-list, whatever brings them; messages hold no value."""

from __future__ import annotations

import random
from typing import Any

import pytest

from labelaudit_dagster.importers import DemographicColumns, ReducedRows
from labelaudit_dagster.importers.demographics import (
    DEFAULT_COLUMNS,
    LONGEST_VALUE,
    RowReducer,
    age_range,
    plain_name,
    reduced_rows,
)

WHO = "Participant id"


def only(value: Any, column: str = "Sex") -> str | None:
    """Return what is kept of one value of one person."""
    (row,) = reduced_rows([{WHO: "ann", column: value}]).rows
    return row[column]


def conserved(found: ReducedRows) -> bool:
    return found.rows_in == len(found.rows) + sum(found.dropped.values())


def test_only_allowed_columns_are_kept_under_the_names_of_the_list() -> None:
    row = {
        "PARTICIPANT_ID": "ann", "sex": "Female", "Country  of residence": "Peru",
        "Submission id": "secret", "Reviewed at": "2026-03-01", "Time taken": 12,
    }  # fmt: skip
    found = reduced_rows([row])
    assert found.rows == ({WHO: "ann", "Sex": "Female", "Country of residence": "Peru"},)
    assert (found.rows_in, found.dropped) == (1, {})
    assert "secret" not in repr(found)


def test_columns_stand_in_the_order_of_the_list_and_people_in_that_of_ids() -> None:
    allowed = DemographicColumns.parse("Language, Age")
    rows = [{WHO: one, "Age": "20", "Language": "es"} for one in ("zoe", "Ann", "ann")]
    found = reduced_rows(rows, allowed)
    assert [row[WHO] for row in found.rows] == ["Ann", "ann", "zoe"]
    assert [list(row) for row in found.rows] == [[WHO, "Language", "Age"]] * 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Age,Sex", ("Age", "Sex")),
        ("  Student   status , Sex", ("Student status", "Sex")),
        (",".join(DEFAULT_COLUMNS), DEFAULT_COLUMNS),
    ],
)
def test_an_allow_list_is_read(text: str, names: tuple[str, ...]) -> None:
    assert DemographicColumns.parse(text).names == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "without a name"),
        ("Age,,Sex", "without a name"),
        ("Age, ?!", "without a name"),
        ("Age,AGE", "twice"),
        ("Student status,student-status", "twice"),
        ("Age,Participant id", "names an id"),
        ("participant_id", "names an id"),
        ("Submission Id", "names an id"),
        ("SessionID", "names an id"),
    ],
)
def test_an_allow_list_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DemographicColumns.parse(text)


def test_spellings_of_a_column_are_one() -> None:
    columns = DemographicColumns()
    for header in ("Student status", "student_status", "STUDENT-STATUS ", "Student  Status?"):
        assert columns.known(header) == "Student status"
        assert plain_name(header) == "studentstatus"
    assert columns.known("Student") is None


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("0", "under 18"), ("17", "under 18"), ("18", "18-24"), ("24", "18-24"), ("25", "25-34"),
        ("64.0", "55-64"), ("65", "65+"), ("130", "65+"), ("131", None), ("-1", None),
        ("17.5", None), ("twenty", None), ("", None), ("1e1", None), ("٢٥", None),
        ("25-34", "25-34"), ("25\N{EN DASH}34", "25-34"), (" Under  18 ", "under 18"),
        ("65+", "65+"), ("25-30", None),
    ],
)  # fmt: skip
def test_ages_become_ranges(age: str, expected: str | None) -> None:
    assert age_range(age) == expected
    assert only(age, "Age") == expected


def test_numbers_are_ages_too() -> None:
    assert (only(30, "Age"), only(30.0, "Age"), only(True, "Age")) == ("25-34", "25-34", None)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Female", "Female"), ("  Prefer   not to say\n", "Prefer not to say"), (7, "7"),
        (True, "true"), (None, None), ("", None), ("   ", None), ("CONSENT_REVOKED", None),
        ("Consent revoked", None), ("DATA_EXPIRED", None), ("a\0b", None), ("\ud800", None),
        ("x" * LONGEST_VALUE, "x" * LONGEST_VALUE), ("x" * (LONGEST_VALUE + 1), None),
        (["Female"], None), ({"a": 1}, None),
    ],
)  # fmt: skip
def test_values_that_are_no_answer_are_not_kept(value: Any, kept: str | None) -> None:
    assert only(value) == kept


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("RETURNED", "status RETURNED"), ("returned", "status RETURNED"),
        ("TIMED-OUT", "status TIMED-OUT"), ("Timed out", "status TIMED-OUT"),
        ("SCREENED_OUT", "status SCREENED OUT"), ("REJECTED", "status REJECTED"),
        ("ACTIVE", "status ACTIVE"), ("RESERVED", "status RESERVED"),
        ("APPROVED", None), ("AWAITING REVIEW", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_people_who_have_not_taken_part_are_left_out(
    status: str | None, reason: str | None
) -> None:
    found = reduced_rows([{WHO: "ann", "Status": status, "Sex": "Male"}])
    assert len(found.rows) == (reason is None)
    assert found.dropped == ({} if reason is None else {reason: 1})
    assert conserved(found)


def test_rows_of_nobody_are_counted() -> None:
    rows = [{WHO: None}, {WHO: " "}, {"Sex": "Male"}, {WHO: "ann"}, {}]
    found = reduced_rows(rows)
    assert found.rows == ({WHO: "ann"},)
    assert found.dropped == {"no participant": 4}
    assert conserved(found)


def test_a_row_with_a_column_in_two_spellings_is_ambiguous() -> None:
    rows = [{WHO: "ann", "Sex": "Male", "sex": "Female"}, {WHO: "bob", "participant_id": "eve"}]
    found = reduced_rows(rows)
    assert found.rows == ()
    assert found.dropped == {"ambiguous": 2}


def test_several_rows_of_a_person_are_one_and_where_they_differ_nothing_is_known() -> None:
    rows = [
        {WHO: "ann", "Sex": "Female", "Language": "es", "Age": "18"},
        {WHO: "ann", "Sex": "Male", "Language": "es", "Age": "24"},
        {WHO: "ann", "Sex": "Female", "Language": None, "Student status": "Yes"},
        {WHO: "bob", "Sex": ""},
    ]
    expected = (
        {WHO: "ann", "Age": "18-24", "Sex": None, "Language": "es", "Student status": "Yes"},
        {WHO: "bob", "Sex": None},
    )
    draw = random.Random(0)
    for _ in range(10):
        draw.shuffle(rows)
        found = reduced_rows(rows)
        assert found.rows == expected
        assert found.dropped == {"repeated": 2}
        assert conserved(found)


def test_what_was_reduced_stays_as_it_is() -> None:
    rows = [{WHO: "ann", "Age": "70", "Sex": "  Female "}, {WHO: "bob", "Age": "x", "Sex": None}]
    once = reduced_rows(rows)
    assert reduced_rows(once.rows).rows == once.rows


def test_a_table_is_read_row_by_row() -> None:
    header = ["Submission id", "participant id", "STATUS", "Age", "Comment"]
    reducer = RowReducer(header, DemographicColumns())
    for row in (
        ["s1", "bob", "APPROVED", "40", "call me"],
        ["s2", "ann", "APPROVED", 17, "mine"],
        ["s3", "eve", "RETURNED", "20", ""],
        ["s4", "", "APPROVED", "20", ""],
    ):
        reducer.add(row)
    found = reducer.result()
    assert found.rows == ({WHO: "ann", "Age": "under 18"}, {WHO: "bob", "Age": "35-44"})
    assert found.dropped == {"no participant": 1, "status RETURNED": 1}
    assert conserved(found)
    assert "call me" not in repr(found)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["Sex", "Age"], "has no column 'Participant id'"),
        ([], "has no column 'Participant id'"),
        ([WHO, "participant_id"], "has the column 'Participant id' twice"),
        ([WHO, "Sex", "SEX"], "has the column 'Sex' twice"),
    ],
)
def test_a_header_that_cannot_be_is_refused(header: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RowReducer(header, DemographicColumns())


def test_columns_that_are_dropped_may_stand_there_twice() -> None:
    reducer = RowReducer([WHO, "Note", "note"], DemographicColumns())
    reducer.add(["ann", "a", "b"])
    assert reducer.result().rows == ({WHO: "ann"},)
