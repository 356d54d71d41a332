"""Tables as CSV that no spreadsheet runs, and as Parquet that keeps every value."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pandas as pd
import pytest

from app_api.tabular import accepted_format, csv_bytes, parquet_bytes, records

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
]
PLAIN = ["", "a = b", "1-1", "'quoted'", 'say "hi", twice', "two\nlines", "é 😀 \u202e", "<b>"]


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8"), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_looks_like_a_formula_gets_an_apostrophe(text):
    (_, [cell, *_]) = read(csv_bytes(pd.DataFrame({"text": [text], "n": [1]})))
    assert cell == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_stay_as_they_are(text):
    (_, [cell, *_]) = read(csv_bytes(pd.DataFrame({"text": [text], "n": [1]})))
    assert cell == text


def test_numbers_times_lists_and_what_is_missing():
    frame = pd.DataFrame(
        {
            "number": [-1.5, float("nan")],
            "whole": [-3, 4],
            "yes": [True, False],
            "words": pd.Series([["=a", "b"], []], dtype=object),
            "at": pd.to_datetime(["2026-03-01T12:00:00Z", None]),
            "text": pd.Series([None, "x"], dtype="str"),
        }
    )
    header, first, second = read(csv_bytes(frame))
    assert header == list(frame.columns)
    assert first == ["-1.5", "-3", "True", "'=a b", "2026-03-01T12:00:00.000000Z", ""]
    assert second == ["", "4", "False", "", "", "x"]


def test_a_column_is_as_suspicious_as_a_cell():
    header, _ = read(csv_bytes(pd.DataFrame({"=cmd": ["x"]})))
    assert header == ["'=cmd"]


def test_two_columns_of_one_name_stay_two():
    frame = pd.DataFrame([["=a", "b"]], columns=["same", "same"])
    assert read(csv_bytes(frame)) == [["same", "same"], ["'=a", "b"]]


def test_parquet_keeps_everything():
    frame = pd.DataFrame({"text": [*HOSTILE, *PLAIN], "n": range(len(HOSTILE) + len(PLAIN))})
    pd.testing.assert_frame_equal(pd.read_parquet(BytesIO(parquet_bytes(frame))), frame)


def test_records_have_none_for_what_is_missing_and_plain_numbers():
    frame = pd.DataFrame(
        {"a": [1, 2], "b": [0.5, float("nan")], "c": pd.Series([None, "x"], dtype="str")}
    )
    found = records(frame)
    assert found == [{"a": 1, "b": 0.5, "c": None}, {"a": 2, "b": None, "c": "x"}]
    assert type(found[0]["a"]) is int
    assert type(found[0]["b"]) is float


@pytest.mark.parametrize(
    ("given", "accept", "expected"),
    [
        (None, None, "json"),
        (None, "", "json"),
        (None, "text/csv", "csv"),
        (None, "TEXT/CSV; header=present", "csv"),
        (None, "text/html, */*", "json"),
        (None, "application/json;q=0.5, text/csv;q=0.9", "csv"),
        (None, "text/csv;q=0.5, application/json", "json"),
        (None, "text/csv;q=0", "json"),
        (None, "text/csv;q=much", "json"),
        (None, "application/vnd.apache.parquet, text/csv", "parquet"),
        ("json", "text/csv", "json"),
        ("parquet", "text/csv", "parquet"),
    ],
)
def test_the_parameter_comes_before_the_header(given, accept, expected):
    assert accepted_format(given, accept) == expected
