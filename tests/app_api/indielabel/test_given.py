"""Parameters in any shape that JavaScript or a stranger can give them."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI, Query
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app_api.problems import ProblemError
from app_api.routers.indielabel.contract_ratings import (
    CHOICES,
    UNSURE,
    choice_of_rating,
    rating_of_choice,
    read_choices,
)
from app_api.routers.indielabel.given import (
    NOTHING,
    GivenCount,
    GivenFlag,
    GivenIds,
    GivenText,
    Parameters,
)
from labelaudit_dagster.auditing.rating_scale import RatingScale

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


class Example(Parameters):
    text: GivenText = None
    count: GivenCount = None
    flag: GivenFlag = False
    ids: GivenIds = ()


app = FastAPI()


@app.get("/")
def echo(query: Annotated[Example, Query()]) -> dict[str, object]:
    return query.model_dump()


async def answered(query: str) -> tuple[int, bytes]:
    sent: list[dict] = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/",
        "raw_path": b"/", "query_string": query.encode(), "headers": [], "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def asked(parameters: dict[str, str]) -> dict[str, object]:
    status, body = asyncio.run(answered(urlencode(parameters)))
    assert status == 200, body
    return json.loads(body)


@pytest.mark.parametrize("nothing", sorted(NOTHING))
def test_nothing_is_nothing_in_every_parameter(nothing):
    assert asked(dict.fromkeys(Example.model_fields, nothing)) == asked({})
    assert asked({}) == {"text": None, "count": None, "flag": False, "ids": []}


@settings(deadline=None, max_examples=60)
@drawn(text=TEXT, extra=st.dictionaries(TEXT, TEXT, max_size=3))
def test_texts_arrive_as_they_are_and_unknown_parameters_are_ignored(text, extra):
    known = {name: value for name, value in extra.items() if name not in Example.model_fields}
    found = asked({**known, "text": text})
    assert found["text"] == (None if text in NOTHING else text)
    assert {name: found[name] for name in ("count", "flag", "ids")} == {
        "count": None,
        "flag": False,
        "ids": [],
    }


@settings(deadline=None, max_examples=40)
@drawn(ids=st.lists(st.integers(0, 10**18 - 1), max_size=30))
def test_lists_of_javascript_come_back(ids):
    assert asked({"ids": ",".join(map(str, ids))})["ids"] == ids


@drawn(text=TEXT)
def test_no_list_of_ids_breaks_anything(text):
    try:
        found = Example.model_validate({"ids": text}).ids
    except ValidationError:
        return
    assert all(0 <= number < 10**18 for number in found)


def test_numbers_that_no_comment_has_name_none():
    assert Example.model_validate({"ids": "5,99999999999999999999999,7"}).ids == (5, 7)


@pytest.mark.parametrize("flag", ["true", "True", "false", "FALSE"])
def test_flags(flag):
    assert asked({"flag": flag})["flag"] is (flag.lower() == "true")


@pytest.mark.parametrize(
    ("name", "value"),
    [("count", "-1"), ("count", "many"), ("flag", "perhaps"), ("ids", "1;2"), ("ids", "-3")],
)
def test_what_cannot_be_read_is_named(name, value):
    with pytest.raises(ValidationError, match=name):
        Example.model_validate({name: value})


def test_a_posted_half_of_a_character_is_refused():
    with pytest.raises(ValidationError, match="Unicode"):
        Example.model_validate({"text": "\ud800"})


@drawn(
    ratings=st.dictionaries(TEXT, st.sampled_from([UNSURE, *CHOICES]), max_size=10),
    as_numbers=st.booleans(),
)
def test_ratings_are_read_from_texts_and_numbers(ratings, as_numbers):
    sent = {text: value if as_numbers else str(value) for text, value in ratings.items()}
    assert read_choices(json.dumps(sent)) == ratings
    assert read_choices(sent) == ratings


@drawn(st.one_of(TEXT, st.integers(), st.lists(st.integers()), st.booleans()))
def test_other_ratings_are_refused_by_a_problem(sent):
    # None of what is drawn here is an object, or the text of one.
    with pytest.raises(ProblemError, match="ratings") as caught:
        read_choices(sent)
    assert caught.value.kind == "invalid-value"


@pytest.mark.parametrize(
    "value", ["5", "-2", "1.5", "", "null", None, True, False, 2.5, [], {}, "1e0", "٣"]
)
def test_no_other_value_is_a_rating(value):
    with pytest.raises(ProblemError, match="0 to 4"):
        read_choices({"a comment": value})


@pytest.mark.parametrize("sent", ['{"a": 1, "a": 2}', '{"a": NaN}', "[1]", "3", '{"a": 1', "{}x"])
def test_ratings_are_one_strict_object(sent):
    with pytest.raises(ProblemError) as caught:
        read_choices(sent)
    assert caught.value.kind == "invalid-value"


@st.composite
def scales(draw):
    values = sorted(draw(st.sets(st.integers(-50, 50), min_size=2, max_size=11)))
    place = draw(st.integers(0, len(values) - 2))
    between = draw(st.sampled_from([0.0, 0.3, 0.5, 0.9]))
    threshold = values[place] + between * (values[place + 1] - values[place])
    return RatingScale.from_values([float(value) for value in values], threshold=threshold)


@drawn(scale=scales(), choice=st.sampled_from(CHOICES))
def test_a_choice_keeps_its_decision_on_every_scale(scale, choice):
    rating = rating_of_choice(choice, scale)
    assert rating in scale.values
    assert (rating > scale.threshold) == (choice > scale.contract_threshold)
    shown = choice_of_rating(rating, scale)
    assert (int(shown) > scale.contract_threshold) == (rating > scale.threshold)


@pytest.mark.parametrize("values", [(0, 1, 2, 3, 4), (1, 2, 3, 4, 5), (0, 25, 50, 75, 100)])
@pytest.mark.parametrize("choice", CHOICES)
def test_with_five_even_levels_choices_come_back(values, choice):
    scale = RatingScale.from_values(values)
    assert rating_of_choice(choice, scale) == values[choice]
    assert choice_of_rating(values[choice], scale) == str(choice)


def test_unsure_is_no_value():
    scale = RatingScale.from_values((0, 1))
    assert rating_of_choice(UNSURE, scale) is None
    assert choice_of_rating(None, scale) == "-1"
