"""Ratings tables as files: formats, encodings, headers, scales; one clear message each."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelaudit_dagster.auditing.rating_scale import RatingScale, RatingScaleError
from labelaudit_dagster.importers import (
    ImportFailure,
    RatingColumns,
    parse_named_columns,
    parse_range,
    parse_scale_values,
    read_ratings,
    read_system_scores,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PLAIN = "rater_id,item_id,rating,text\na,1,1,one\nb,1,2,one\nb,2,3,two\n"


def read(content: bytes | str, columns: RatingColumns | None = None, **options):
    encoded = content.encode() if isinstance(content, str) else content
    corpus = read_ratings(
        encoded, columns=columns or RatingColumns(), now=NOW, name="r.csv", **options
    )
    corpus.validate()
    return corpus


def parquet(columns: dict[str, object]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.rstrip("\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        PLAIN.replace("one", '"one"'),
        PLAIN.replace("\n", "\n\n"),
    ],
)
def test_spellings_of_csv_are_one_table(content: str):
    assert read(content).equals(read(PLAIN))


def test_texts_with_semicolons_do_not_make_a_delimiter():
    corpus = read('rater_id,item_id,rating,text\na,1,1,"x;y;z;w;v"\nb,1,2,"x;y;z;w;v"\n')
    assert corpus.comments["text"].tolist() == ["x;y;z;w;v"]


def test_column_that_is_not_asked_for_may_be_there_twice():
    content = "note,rater_id,note,item_id,rating,text\n1,a,2,1,1,one\n1,b,2,1,2,one\n"
    assert len(read(content).comment_ratings) == 2
    with pytest.raises(ImportFailure, match="'note' more than once"):
        read(content, RatingColumns(demographics={"note": "note"}))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"<html></html>", "HTML"),
        (b"PK\x03\x04...", "archive"),
        (PLAIN.encode("utf-16"), "UTF-16"),
        (PLAIN.replace("two", "tw\xf6").encode("latin-1"), r"not UTF-8 \(line 4, byte 58\)"),
        (PLAIN.replace("two", '"two').encode(), "unclosed quotation mark"),
        (b'"' + b"x" * 200_000 + b'"\n', "no header of a CSV file"),
        (b"PAR1 and nothing more", "not a Parquet file"),
        (b"a,b,c\n1,2,3\n", "no column 'rater_id' for the rater's id; name another one with --ra"),
        (PLAIN.replace("text", "body").encode(), "no column 'text'.*--text.*'rating', 'body'"),
        (PLAIN.replace("rating", "Rating").encode(), "no column 'rating'.*--rating.*'Rating'"),
    ],
)
def test_unusable_file_is_refused_with_its_cause(content: bytes, expected: str):
    with pytest.raises(ImportFailure, match=expected) as caught:
        read(content)
    assert "r.csv" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_list_of_columns_is_cut():
    with pytest.raises(ImportFailure, match="'c39' and 60 more"):
        read(",".join(f"c{n}" for n in range(100)) + "\n")


@pytest.mark.parametrize(
    "columns",
    [
        {"rater_id": ["a", "b", "b"], "item_id": [1, 1, 2], "rating": [1, 2, 3]},
        {"rater_id": ["a", "b", "b"], "item_id": [1.0, 1.0, 2.0], "rating": [1.0, 2.0, 3.0]},
        {
            "rater_id": pa.array(["a", "b", "b"]).dictionary_encode(),
            "item_id": pa.array(["1", "1", "2"], pa.large_string()),
            "rating": [Decimal("1.0"), Decimal("2.0"), Decimal("3.0")],
        },
        {
            "rater_id": pa.array([b"a", b"b", b"b"]),
            "item_id": pa.array([1, 1, 2], pa.uint8()),
            "rating": pa.array([1, 2, 3], pa.float16()),
        },
        {
            "rater_id": pa.chunked_array([["a"], [], ["b", "b"]]),
            "item_id": ["1", "1", "2"],
            "rating": ["1", "2", "3"],
            "extra.column": [[1], None, []],
        },
    ],
)
def test_parquet_of_any_type_is_the_same_table(columns: dict[str, object]):
    content = parquet({**columns, "text": ["one", "one", "two"]})
    assert read(content).equals(read(PLAIN))
    assert read(content, file_format="parquet").equals(read(PLAIN))


def test_nulls_of_parquet_are_absent_values():
    content = parquet(
        {
            "rater_id": ["a", None, "b", "c", "d"],
            "item_id": [1.0, 1.0, None, 1.0, 1.0],
            "rating": [1.0, 2.0, 3.0, None, float("nan")],
            "text": ["one", "one", "one", "one", None],
            "agrees": [True, False, None, True, True],
            "at": pd.to_datetime(["2026-01-01", None, "2026-01-01", "2026-01-01", "2026-01-01"]),
        }
    )
    corpus = read(
        content,
        RatingColumns(time="at", categories={"is_insult_frac": "agrees"}),
        scale=RatingScale.from_values((1, 2)),
    )
    assert corpus.comment_ratings["rater_id"].tolist() == ["a"]
    assert sorted(corpus.quarantine["reason"]) == [
        "invalid_id",
        "invalid_id",
        "not_a_number",
        "not_a_number",
    ]
    assert corpus.comments["is_insult_frac"].tolist() == [0.75]


def test_truth_values_are_a_scale_of_two():
    content = parquet(
        {"rater_id": ["a", "b"], "item_id": [1, 1], "rating": [True, False], "text": ["t", "t"]}
    )
    assert read(content).scale.values == (0.0, 1.0)


def test_surrogates_of_parquet_are_set_aside():
    texts = pa.array([b"fine", b"half \xed\xa0\x80", b"fine"])
    content = parquet(
        {"rater_id": ["a", "b", "c"], "item_id": [1, 2, 1], "rating": [1, 2, 2], "text": texts}
    )
    corpus = read(content)
    assert corpus.comments["text"].tolist() == ["fine"]
    assert sorted(zip(corpus.quarantine["table"], corpus.quarantine["reason"], strict=True)) == [
        ("comment_ratings", "unstorable_text"),
        ("comments", "unstorable_text"),
    ]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": [["nested"]]}, "'text' of type list"),
        ({"text": pa.array([b"\xff"])}, "'text' that are not UTF-8"),
        ({"text": ["t"], "rating": [{"value": 3}]}, "'rating' of type struct"),
    ],
)
def test_parquet_with_unusable_columns_is_refused(columns: dict[str, object], expected: str):
    with pytest.raises(ImportFailure, match=expected):
        read(parquet({"rater_id": ["a"], "item_id": [1], "rating": [3], **columns}))


def test_damaged_parquet_is_refused():
    content = parquet({"rater_id": ["a"], "item_id": [1], "rating": [3], "text": ["t"]})
    with pytest.raises(ImportFailure, match="damaged"):
        read(content[:40] + b"\0" * 40 + content[80:])


def with_ratings(*values: object) -> str:
    rows = "".join(f"r{n},1,{value},t\n" for n, value in enumerate(values))
    return "rater_id,item_id,rating,text\n" + rows


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ((1, 2, 3, 4, 5), (1, 2, 3, 4, 5)),
        ((0, "1.0", "", "?"), (0, 1)),
        ((-1, "-0", 1), (-1, 0, 1)),
        (range(11), range(11)),
        ((10, 20, 50), (10, 20, 50)),
    ],
)
def test_scale_is_what_the_ratings_show(given: tuple[object, ...], values: tuple[float, ...]):
    scale = read(with_ratings(*given)).scale
    assert scale.values == tuple(map(float, values))
    assert scale.threshold == (scale.values[0] + scale.values[-1]) / 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((1, 2.5), "no whole numbers .1, 2.5.; give the scale, as --scale 1:5"),
        (range(12), "of 12 different values .0, 1.*; give the scale"),
        (range(100), "of 100 different values .0, 1.*…"),
        ((3,), "of 1 different values .3.*; give the scale"),
        (("?", ""), "no rating that is a number; check --rating"),
    ],
)
def test_ratings_that_show_no_scale(given: tuple[object, ...], expected: str):
    with pytest.raises(ImportFailure, match=expected):
        read(with_ratings(*given))


def test_threshold_and_labels_of_an_inferred_scale():
    scale = read(with_ratings(0, 1, 2), threshold=0, labels=("no", "so", "yes")).scale
    assert (scale.threshold, scale.labels) == (0.0, ("no", "so", "yes"))
    with pytest.raises(RatingScaleError, match="3 levels and 2 labels"):
        read(with_ratings(0, 1, 2), labels=("no", "yes"))
    with pytest.raises(RatingScaleError, match="threshold 2"):
        read(with_ratings(0, 1, 2), threshold=2)


def test_written_scales():
    assert parse_scale_values("1:5") == (1, 2, 3, 4, 5)
    assert parse_scale_values("-1:1") == (-1, 0, 1)
    assert parse_scale_values("0, 0.5,1") == (0, 0.5, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is no scale"),
        ("5", "2 to 11 levels, not 1"),
        ("1:x", "is no scale"),
        ("1:2:3", "is no scale"),
        ("1:100", "100 levels"),
        ("5:1", "levels, not 0"),
        ("1:1", "levels, not 1"),
        ("2,1", "ascend"),
        ("1,nan", "finite"),
        ("low,high", "is no scale"),
    ],
)
def test_unusable_scale_is_refused(text: str, expected: str):
    with pytest.raises(RatingScaleError, match=expected):
        parse_scale_values(text)


@pytest.mark.parametrize("text", ["", "1", "1:", "1:0", "0:inf", "a:b", "1:1"])
def test_unusable_range_is_refused(text: str):
    with pytest.raises(ImportFailure, match="write two numbers"):
        parse_range(text)


def test_named_columns():
    assert parse_named_columns(["age, gender=sex", "race"]) == {
        "age": "age",
        "gender": "sex",
        "race": "race",
    }
    assert parse_named_columns(["a=b"], ["a=b"]) == {"a=b": "a=b"}
    assert parse_named_columns([]) == {}
    with pytest.raises(ImportFailure, match="'age' is given to two columns"):
        parse_named_columns(["age,age=years"])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"demographics": {"rater_id": "x"}}, "cannot be named 'rater_id'"),
        ({"demographics": {"": "x"}}, "cannot be named ''"),
        ({"categories": {"insult": "x"}}, "'insult' is no category share.*is_insult_frac"),
    ],
)
def test_unusable_names_are_refused(columns: dict[str, dict[str, str]], expected: str):
    with pytest.raises(ImportFailure, match=expected):
        RatingColumns(**columns)


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("id,score\n1,2\n", {}, "no column 'item_id'.*--system-columns ITEM,SCORE.*'id', 'score'"),
        ("item_id,a,b\n1,2,3\n", {}, "no column 'system_rating'.*'item_id', 'a', 'b'"),
        ("item_id\n1\n", {}, "no column 'system_rating'"),
        ("item_id,b\n1,2\n", {"score": "item_id"}, "cannot both be in 'item_id'"),
    ],
)
def test_unusable_scores_file_is_refused(content: str, options: dict[str, str], expected: str):
    corpus = read(PLAIN)
    with pytest.raises(ImportFailure, match=expected):
        read_system_scores(
            content.encode(),
            scale=corpus.scale,
            comments=corpus.comments,
            name="s.csv",
            **options,
        )
