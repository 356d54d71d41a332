"""Files of labels: every row is a label or set apart with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.label_file import (
    REASONS,
    LabelFile,
    LabelFileError,
    read_label_file,
    rejection_counts,
    rejection_sentence,
)


def read(text: str, scale: RatingScale = TOXICITY_SCALE) -> LabelFile:
    return read_label_file(text.encode(), scale=scale, name="labels.csv")


def test_each_row_is_a_label_or_has_its_reason():
    found = read(
        "rating,item_id\n3,7\n,8\n-1,9\n2.5,10\n9,10\nnan,11\ninf,12\nmany,13\n4,\n1\n0,14,x\n4,7\n"
    )
    assert [(label.comment, label.rating) for label in found.labels] == [
        ("8", None),
        ("9", None),
        ("7", 4.0),
    ]
    assert [(row.row_number, row.reason) for row in found.rejected] == [
        (1, "superseded"),
        (4, "out_of_scale"),
        (5, "out_of_scale"),
        (6, "not_a_number"),
        (7, "not_a_number"),
        (8, "not_a_number"),
        (9, "no_comment"),
        (10, "malformed_row"),
        (11, "malformed_row"),
    ]
    assert found.n_rows == 12
    counts = rejection_counts(found.rejected)
    assert counts["not_a_number"] == 3
    assert "3 with a rating that is no number" in rejection_sentence(counts)


def test_minus_one_is_a_rating_where_the_scale_has_it():
    scale = RatingScale.from_values([-1, 0, 1])
    found = read("item_id,rating\na,-1\nb,\n", scale)
    assert [label.rating for label in found.labels] == [-1.0, None]


def test_comments_may_be_named_by_their_text():
    long = "x" * 200_000
    found = read(f'\ufefftext,rating\n"a, ""b""\n c ",2\n{long},0\n')
    assert found.by_text
    assert [label.comment for label in found.labels] == ['a, "b"\n c ', long]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"comment;rating\n1;2\n", "comment;rating"),
        (b"item_id,value\n1,2\n", "needs item_id"),
        (b"item_id,rating\n\xff,2\n", "no UTF-8"),
        (b'item_id,rating\n"1,2\n', "no well-formed CSV"),
    ],
)
def test_unreadable_files_say_why(content: bytes, part: str):
    with pytest.raises(LabelFileError, match=r"^labels\.csv ") as raised:
        read_label_file(content, scale=TOXICITY_SCALE, name="labels.csv")
    assert part in str(raised.value)


@given(
    st.lists(st.tuples(st.sampled_from("abc "), st.sampled_from(["0", "4", "5", "", "-1", "?"])))
)
def test_no_row_is_lost_and_the_last_one_counts(rows: list[tuple[str, str]]):
    found = read("item_id,rating\n" + "".join(f"{item},{rating}\n" for item, rating in rows))
    assert found.n_rows == len(rows)
    assert {row.reason for row in found.rejected} <= set(REASONS)
    usable = {item: rating for item, rating in rows if item != " " and rating not in ("5", "?")}
    assert {label.comment: label.rating for label in found.labels} == {
        item: float(rating) if rating in ("0", "4") else None for item, rating in usable.items()
    }
