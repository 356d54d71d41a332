"""Who belongs to a group, how many they are, and what the group would label."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelaudit_dagster.auditing.groups import (
    ContractGroup,
    GroupCondition,
    GroupError,
    GroupRule,
    conditions_from,
    contract_members,
    demographic_columns,
    demographic_values,
    group_labels,
    group_medians,
    group_members,
    group_size,
)
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale


@pytest.fixture
def raters():
    rows = [
        ("a", "Male", "Liberal", "Heterosexual", "White"),
        ("b", "male ", "Liberal", "Bisexual", "White, Asian"),
        ("c", "Female", None, "Homosexual", "Asian"),
        ("d", "Nonbinary", "Conservative", None, "Black or African American; White"),
        ("e", "Male", "Liberal", "Heterosexual", None),
        ("f", "Male", "Liberal", "Prefer not to say", "Non-White Hispanic"),
        ("g", "Male", "Liberal", "Heterosexual", "White"),
    ]
    columns = ["rater_id", "gender", "political_affilation", "lgbtq_status", "race"]
    return pd.DataFrame(rows, columns=columns).astype("str")


@pytest.mark.parametrize(
    ("group", "members"),
    [
        (ContractGroup(), "abcdefg"),
        (ContractGroup(gender="Male"), "abefg"),
        (ContractGroup(gender="male", politics="Liberal"), "abefg"),
        (ContractGroup(lgbtq="LGBTQ+"), "bc"),
        (ContractGroup(lgbtq="Non-LGBTQ+"), "aeg"),
        # Whole entries: "White" is not in "Non-White Hispanic", and all of the list must be there.
        (ContractGroup(race="White"), "abdg"),
        (ContractGroup(race="White,Asian"), "b"),
        (ContractGroup(race="Black or African American, White"), "d"),
        (ContractGroup(race=".*"), ""),
        (ContractGroup(race=","), "abcdefg"),
        (ContractGroup(gender="undefined"), ""),
        # This corpus does not know how important religion is.
        (ContractGroup(religion="Very important"), ""),
    ],
)
def test_groups_of_the_contract(raters, group, members):
    assert "".join(contract_members(raters, group)) == members


def test_sizes_below_five_are_not_told(raters):
    assert group_size(raters, [GroupCondition("gender", ("Female",))]) == 0
    # Seven less the men are two people.
    assert group_size(raters, [GroupCondition("gender", ("Male",))]) == 0
    assert group_size(raters, []) == 7
    assert group_size(raters[:4], []) == 0


def crowd(*groups):
    """Raters of whom so many have the same gender and politics."""
    rows = [(gender, politics) for gender, politics, count in groups for _ in range(count)]
    frame = pd.DataFrame(rows, columns=["gender", "politics"]).astype("str")
    return frame.assign(rater_id=[f"r{number}" for number in range(len(frame))])


def size(raters, **conditions):
    return group_size(raters, conditions_from(conditions))


def test_no_difference_of_sizes_tells_a_small_group():
    raters = crowd(("Female", "Left", 30), ("Male", "Left", 20), ("Other", "Left", 3))
    assert size(raters, gender="Female") == 30
    # All less these would be three people; so the smallest other group is hidden with them.
    assert size(raters, gender="Male") == 0
    assert size(raters, gender=["Female", "Male"]) == 0
    assert size(raters, gender=["Female", "Other"]) == 0
    assert demographic_values(raters).to_dict("records") == [
        {"column": "gender", "value": "Female", "n_raters": 30},
        {"column": "politics", "value": "Left", "n_raters": 53},
    ]
    # Somebody of whom nothing is known is no less somebody.
    unknown = pd.concat([raters[:50], raters[50:].assign(gender=None)])
    assert size(unknown, gender="Male") == 0
    assert size(unknown, gender="Female") == 30


def test_no_difference_within_another_condition_does():
    raters = crowd(
        ("Female", "Left", 30), ("Female", "Right", 20), ("Female", "Middle", 2),
        ("Male", "Left", 30), ("Male", "Right", 20), ("Male", "Middle", 20),
    )  # fmt: skip
    assert size(raters, politics="Middle") == 22
    assert size(raters, gender="Female") == 52
    assert size(raters, gender="Female", politics="Left") == 30
    # The women less both of these would be two.
    assert size(raters, gender="Female", politics="Right") == 0
    assert size(raters, gender="Female", politics=["Left", "Right"]) == 0
    # In the middle less these men are two.
    assert size(raters, gender="Male", politics="Middle") == 0
    assert size(raters, gender="Male", politics="Left") == 30


def test_lists_divide_everybody_in_two(raters):
    many = crowd(("a", "b", 20)).assign(race=["White"] * 17 + ["Asian, White"] * 3)
    assert group_size(many, conditions_from({"race": "Asian"})) == 0
    assert group_size(many, conditions_from({"race": "White"})) == 20
    assert demographic_values(many)["value"].tolist() == ["a", "b", "White"]
    most = many.assign(race=["White"] * 17 + ["Asian"] * 3)
    assert group_size(most, conditions_from({"race": "White"})) == 0


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 12), min_size=9, max_size=9),
    asked=st.sampled_from(["F", "M", "X"]),
)
def test_whatever_the_crowd_every_difference_is_no_small_group(sizes, asked):
    """Totals, values within them, and values within values of the other column."""
    names = [(gender, politics) for gender in "FMX" for politics in "LRC"]
    raters = crowd(*((*name, count) for name, count in zip(names, sizes, strict=True)))
    contexts = [{}, *({"politics": politics} for politics in "LRC")]
    for context in contexts:
        whole = size(raters, **context)
        shown = {gender: size(raters, gender=gender, **context) for gender in "FMX"}
        real = {
            gender: len(group_members(raters, conditions_from({"gender": gender, **context})))
            for gender in "FMX"
        }
        assert all(value in (0, real[gender]) for gender, value in shown.items())
        assert all(value == 0 or value >= 5 for value in shown.values())
        if whole:
            left = whole - sum(shown.values())
            assert left == 0 or left >= 5
    assert size(raters, gender=[asked, "M"]) in (
        0, len(group_members(raters, conditions_from({"gender": [asked, "M"]}))),
    )  # fmt: skip


def test_any_column_will_do_and_an_unknown_one_is_named(raters):
    assert demographic_columns(raters) == [
        "gender",
        "political_affilation",
        "lgbtq_status",
        "race",
    ]
    conditions = conditions_from(
        {"gender": ["Female", "Nonbinary"], "race": [], "lgbtq_status": ()}
    )
    assert "".join(group_members(raters, conditions)) == "cd"
    conditions = conditions_from({"race": ["White", "Asian"]})
    assert conditions == [GroupCondition("race", ("White", "Asian"), GroupRule.HOLDS_ALL)]
    with pytest.raises(GroupError, match=r"'age'.*gender, political_affilation"):
        group_members(raters, [GroupCondition("age", ("35-39",))])
    with pytest.raises(GroupError, match="names no value"):
        GroupCondition("gender", ())


def test_without_demographics_there_is_everybody_or_nobody():
    raters = pd.DataFrame({"rater_id": [f"r{i}" for i in range(6)]})
    assert group_size(raters, []) == 6
    assert contract_members(raters, ContractGroup(gender="Male")).tolist() == []
    assert demographic_values(raters).empty
    with pytest.raises(GroupError, match="are: none"):
        group_members(raters, [GroupCondition("age", ("x",))])


def test_values_are_offered_from_five_raters_on(raters):
    # Five are men, but all others together are two.
    assert demographic_values(raters).empty
    many = pd.concat([raters, raters.assign(rater_id=raters["rater_id"] + "2")])
    offered = demographic_values(many).set_index(["column", "value"])["n_raters"]
    assert offered["race", "White"] == 8
    assert ("race", "White, Asian") not in offered.index
    assert ("gender", "Nonbinary") not in offered.index


def test_names_of_group_models():
    group = ContractGroup(gender="Male", race="White,Asian")
    assert group.model_name("my_model") == (
        "my_model_group_genderMale_relignull_polnull_raceWhite,Asian_lgbtq_null"
    )
    assert "_group_gender" in ContractGroup().model_name("m")


def medians_of(*ratings, scale=TOXICITY_SCALE):
    frame = pd.DataFrame(
        {"rater_id": [f"r{i}" for i in range(len(ratings))], "item_id": 1, "rating": ratings}
    ).astype({"rating": "float64"})
    found = group_medians(frame, list(frame["rater_id"]), scale=scale)
    return found["rating"].tolist(), found["n_ratings"].tolist()


@pytest.mark.parametrize(
    ("ratings", "median"),
    [
        ([3], 3),
        ([0, 4, 1], 1),
        ([1, 3], 2),  # the level in the middle
        ([1, 2], 1),  # the mean lies exactly between: the lower one
        ([1, 2, 4, 0], 2),  # the middle two are 1 and 2, the mean 1.75
        ([0, 1, 2, 2], 1),  # 1 and 2, the mean is 1.25
        ([4, 4, 3, 0], 3),  # 3 and 4, the mean 2.75
        ([0, 0, 4, 4], 2),
        ([0, 0, 3, 3], 1),  # 1.5 and 1.5
        ([0, 0, 3, 4], 2),  # 1.5, the mean 1.75
    ],
)
def test_medians_are_levels_by_a_stated_rule(ratings, median):
    assert medians_of(*ratings) == ([median], [len(ratings)])


def test_medians_are_values_of_an_uneven_scale():
    scale = RatingScale.from_values([0, 1, 10])
    assert medians_of(0, 10, scale=scale) == ([1], [2])
    # What is no value of the scale does not count.
    assert medians_of(0, 7, 10, 10, scale=scale) == ([10], [3])
    assert medians_of(7, scale=scale) == ([], [])


def test_medians_of_many_comments_against_numpy():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "rater_id": rng.integers(0, 40, 3_000).astype(str),
            "item_id": rng.integers(0, 200, 3_000),
            "rating": rng.integers(0, 5, 3_000).astype(float),
        }
    ).drop_duplicates(["rater_id", "item_id"])
    members = [str(i) for i in range(20)]
    found = group_medians(frame, members, scale=TOXICITY_SCALE).set_index("item_id")
    mine = frame[frame["rater_id"].isin(members)].groupby("item_id")["rating"]
    expected = mine.median()
    assert found.index.tolist() == expected.index.tolist()
    assert found["n_ratings"].tolist() == mine.count().tolist()
    assert (found["rating"] - expected).abs().max() == 0.5
    whole = expected % 1 == 0
    assert (found["rating"] == expected)[whole].all()


@pytest.fixture
def corpus():
    rng = np.random.default_rng(1)
    items = np.arange(300)
    system = pd.DataFrame({"item_id": items, "system_rating": rng.uniform(0, 4, 300)})
    ratings = pd.DataFrame(
        [(f"r{i}", item, float(rng.integers(0, 5))) for i in range(8) for item in items[i::4]],
        columns=["rater_id", "item_id", "rating"],
    )
    return ratings, system


def test_a_group_labels_twenty_training_comments_with_its_medians(corpus):
    ratings, system = corpus
    members = [f"r{i}" for i in range(6)]
    training = np.arange(0, 300, 2)
    labels = group_labels(
        ratings, members, system, scale=TOXICITY_SCALE, seed=3, training_items=training
    )
    assert len(labels) == 20
    assert labels["item_id"].is_monotonic_increasing
    assert set(labels["item_id"]) <= set(training.tolist())
    medians = group_medians(ratings, members, scale=TOXICITY_SCALE).set_index("item_id")
    assert labels["rating"].tolist() == medians.loc[labels["item_id"], "rating"].tolist()
    scores = system.set_index("item_id").loc[labels["item_id"], "system_rating"]
    assert np.histogram(scores, [0, 0.5, 1.5, 2.5, 3.5, 4.01])[0].tolist() == [2, 4, 8, 4, 2]
    again = group_labels(
        ratings.sample(frac=1, random_state=0),
        members[::-1],
        system.sample(frac=1, random_state=0),
        scale=TOXICITY_SCALE,
        seed=3,
        training_items=training,
    )
    pd.testing.assert_frame_equal(labels, again)


def test_small_groups_and_groups_without_ratings_make_no_model(corpus):
    ratings, system = corpus
    with pytest.raises(GroupError, match="fewer than 5"):
        group_labels(ratings, ["r0", "r1", "r2", "r3"], system, scale=TOXICITY_SCALE, seed=0)
    for members, training in (
        ([f"x{i}" for i in range(9)], None),
        ([f"r{i}" for i in range(6)], np.array([999])),
    ):
        with pytest.raises(GroupError, match="wider group"):
            group_labels(
                ratings,
                members,
                system,
                scale=TOXICITY_SCALE,
                seed=0,
                training_items=training,
            )
