"""Single bad entries of an export: kept or quarantined with the documented reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from labelaudit_dagster.importers import Community, read_export

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def community_of(users, guidelines, ratings, topics=(), mu=0.0) -> Community:
    document = {
        "topics": list(topics),
        "guidelines": guidelines,
        "ratings": ratings,
        "users": users,
        "mu": mu,
    }
    community = read_export(json.dumps(document).encode(), now=NOW)
    community.validate()
    return community


def rating(user="u", guideline="g", value="helpful", **more):
    return {"authorId": user, "guidelineId": guideline, "rating": value} | more


def reasons(community: Community, table: str = "guideline_ratings") -> list[str]:
    rows = community.quarantine[community.quarantine["table"] == table]
    return sorted(rows["reason"])


USERS = [{"id": "u"}, {"id": "v"}]
GUIDELINES = [{"id": "g", "value": "Be kind."}, {"id": "h", "value": "Be brief."}]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "not_an_object"),
        (7, "not_an_object"),
        ([], "not_an_object"),
        ({}, "invalid_id"),
        (rating(user=None), "invalid_id"),
        (rating(user=""), "invalid_id"),
        (rating(user=1.0), "invalid_id"),
        (rating(user=True), "invalid_id"),
        (rating(user={"id": "u"}), "invalid_id"),
        (rating(user=2**70), "invalid_id"),
        (rating(guideline=["g"]), "invalid_id"),
        (rating(guideline=float("nan")), "invalid_id"),
        (rating(user="u\0"), "unstorable_id"),
        (rating(guideline="\0"), "unstorable_id"),
        (rating(value=None), "invalid_rating"),
        (rating(value="Helpful"), "invalid_rating"),
        (rating(value=True), "invalid_rating"),
        (rating(value=1), "invalid_rating"),
        (rating(value=float("nan")), "invalid_rating"),
        (rating(value=float("inf")), "invalid_rating"),
        (rating(value={"rating": "helpful"}), "invalid_rating"),
        (rating(value=["helpful"]), "invalid_rating"),
        (rating(user="stranger"), "unknown_participant"),
        (rating(guideline="nothing"), "unknown_guideline"),
        (rating(createdAt="2026-06-02T00:00:00Z"), "future_time"),
        (rating(createdAt="2020-01-01", updatedAt=4_000_000_000_000), "future_time"),
    ],
)
def test_bad_rating_is_quarantined(entry, reason):
    community = community_of(USERS, GUIDELINES, [rating("v", "h"), entry])
    assert reasons(community) == [reason]
    assert community.guideline_ratings["participant_id"].tolist() == ["v"]
    row = community.quarantine.iloc[0]
    assert row["row_number"] == 1
    json.loads(row["raw"])
    assert community.counts["guideline_ratings"].rows_in == 2


def test_number_too_large_for_a_double_is_quarantined():
    content = b"""{"topics": [], "users": [{"id": "u"}], "mu": 0,
        "guidelines": [{"id": "g", "value": "x", "intercept": 1e999}],
        "ratings": [{"authorId": "u", "guidelineId": "g", "rating": 1e999}]}"""
    community = read_export(content, now=NOW)
    assert reasons(community) == ["invalid_rating"]
    assert community.warnings == {"invalid_intercept": 1}
    assert "1e999" in community.quarantine["raw"].iloc[0]


def test_clock_of_the_platform_may_be_slightly_ahead():
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    community = community_of(USERS, GUIDELINES, [rating(createdAt=ahead)])
    assert len(community.guideline_ratings) == 1


@pytest.mark.parametrize(
    "user_id", ["../x", "🦉", "x" * 300, " ", "a/b\\c", "NaN", "null", "7", "'; --", "ﬀ", "\r\n"]
)
def test_ids_are_kept_verbatim(user_id: str):
    guideline = {"id": user_id, "value": "Be kind."}
    community = community_of([{"id": user_id}], [guideline], [rating(user_id, user_id)])
    assert community.participants["participant_id"].tolist() == [user_id]
    assert community.guideline_ratings["guideline_id"].tolist() == [user_id]


def test_numbers_become_text():
    community = community_of(
        [{"id": 7}], [{"id": -3, "value": "x"}], [rating(7, -3), rating("7", "-3")]
    )
    assert community.guideline_ratings["participant_id"].tolist() == ["7"]
    assert community.guideline_ratings["guideline_id"].tolist() == ["-3"]
    assert reasons(community) == ["superseded"]


def test_number_and_text_together_are_quarantined():
    users = [{"id": 7}, {"id": "7"}, {"id": 8}]
    community = community_of(users, GUIDELINES, [rating(7), rating("7"), rating(8)])
    assert community.participants["participant_id"].tolist() == ["8"]
    assert reasons(community, "participants") == ["ambiguous_id", "ambiguous_id"]
    assert reasons(community) == ["ambiguous_id", "ambiguous_id"]


T1, T2 = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
HELPFUL, NOT = "helpful", "not_helpful"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("rows", "kept", "quarantined"),
    [
        ([(HELPFUL, None), (HELPFUL, None)], True, ["superseded"]),
        ([(HELPFUL, T1), (HELPFUL, None)], True, ["superseded"]),
        ([(HELPFUL, T1), (NOT, T2)], False, ["superseded"]),
        ([(NOT, T1), (HELPFUL, T2), (NOT, T1)], True, ["superseded", "superseded"]),
        ([(HELPFUL, None), (NOT, None)], None, ["conflicting"] * 2),
        ([(HELPFUL, T1), (NOT, None)], None, ["conflicting"] * 2),
        ([(HELPFUL, T1), (NOT, T1)], None, ["conflicting"] * 2),
        ([(HELPFUL, T2), (NOT, T2), (NOT, T1)], None, ["conflicting"] * 2 + ["superseded"]),
        ([(HELPFUL, T2), (HELPFUL, T2), (NOT, T1)], True, ["superseded"] * 2),
    ],
)
def test_repeats_are_resolved_in_any_order(rows, kept, quarantined, turned):
    ratings = [rating(value=value) | ({"createdAt": time} if time else {}) for value, time in rows]
    community = community_of(USERS, GUIDELINES, ratings[::-1] if turned else ratings)
    values = community.guideline_ratings["helpful"].tolist()
    assert values == ([] if kept is None else [kept])
    assert reasons(community) == quarantined


def test_update_time_counts_before_creation_time():
    ratings = [
        rating(value=HELPFUL, createdAt=T1, updatedAt="2026-03-01T00:00:00Z"),
        rating(value=NOT, createdAt=T2),
    ]
    community = community_of(USERS, GUIDELINES, ratings)
    assert community.guideline_ratings["helpful"].tolist() == [True]
    assert community.guideline_ratings["rated_at"].tolist() == [
        pd.Timestamp("2026-03-01", tz="UTC")
    ]


def test_unreadable_time_is_dropped_with_a_warning():
    for time in ("now", "yesterday", "2026-13-01", {"at": 1}, True):
        community = community_of(USERS, GUIDELINES, [rating(createdAt=time)])
        assert community.guideline_ratings["rated_at"].isna().all()
        assert community.warnings == {"invalid_time": 1}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("text", "not_an_object"),
        ({"value": "x"}, "invalid_id"),
        ({"id": "\0", "value": "x"}, "unstorable_id"),
        ({"id": "k"}, "missing_text"),
        ({"id": "k", "value": " \n"}, "missing_text"),
        ({"id": "k", "value": 5}, "missing_text"),
        ({"id": "k", "value": "a\0b"}, "unstorable_text"),
    ],
)
def test_bad_guideline_is_quarantined_and_so_are_its_ratings(entry, reason):
    community = community_of(USERS, [*GUIDELINES, entry], [rating("u", "k")])
    assert reasons(community, "guidelines") == [reason]
    assert reasons(community) == ["unknown_guideline"]
    assert len(community.guidelines) == 2


def test_repeated_guidelines():
    same = [*GUIDELINES, GUIDELINES[0]]
    community = community_of(USERS, same, [rating()])
    assert reasons(community, "guidelines") == ["superseded"]
    assert len(community.guideline_ratings) == 1

    other = {"id": "g", "value": "Be unkind."}
    community = community_of(USERS, [*GUIDELINES, other], [rating()])
    assert reasons(community, "guidelines") == ["conflicting", "conflicting"]
    assert reasons(community) == ["unknown_guideline"]

    dated = [
        {"id": "g", "value": "Old.", "updatedAt": T1},
        {"id": "g", "value": "New.", "updatedAt": T2},
    ]
    for order in (dated, dated[::-1]):
        community = community_of(USERS, order, [rating()])
        assert community.guidelines["text"].tolist() == ["New."]
        assert reasons(community, "guidelines") == ["superseded"]


def test_repeated_users_keep_what_they_agree_on():
    users = [
        {"id": "u", "intercept": 0.5, "demographics": {"age": "30", "town": "A"}},
        {"id": "u", "intercept": 0.25, "demographics": {"age": "30", "town": "B"}},
    ]
    for order in (users, users[::-1]):
        community = community_of(order, GUIDELINES, [rating()])
        assert community.participants.to_dict("list") == {"participant_id": ["u"], "age": ["30"]}
        assert reasons(community, "participants") == ["superseded"]
        assert community.published is None
        assert community.warnings == {"differing_attribute": 2}


def test_bad_attributes_are_dropped_with_a_warning():
    users = [
        {"id": "u", "demographics": {"age": 30, "a": [1], "": "x", "participant_id": "x"}},
        {"id": "v", "demographics": "none"},
    ]
    community = community_of(users, GUIDELINES, [])
    assert community.participants["age"].tolist()[0] == "30"
    assert community.participants["age"].isna().tolist() == [False, True]
    assert community.warnings == {"invalid_attribute": 4}


def test_unknown_topics_are_dropped_with_a_warning():
    guidelines = [
        {"id": "g", "value": "x", "topicId": "t"},
        {"id": "h", "value": "y", "topicId": "gone"},
        {"id": "i", "value": "z", "topicId": [1]},
    ]
    topics = [{"id": "t", "title": "T", "parentId": "gone"}]
    community = community_of(USERS, guidelines, [], topics)
    assert community.guidelines["topic_id"].fillna("-").tolist() == ["t", "-", "-"]
    assert community.topics["parent_id"].isna().all()
    assert community.warnings == {"unknown_topic": 2, "invalid_reference": 1}


def test_published_parameters():
    users = [
        {"id": "v", "intercept": -0.25, "embeddings": [0.5]},
        {"id": "u", "intercept": None, "embeddings": []},
        {"id": "w", "intercept": "0.1", "embeddings": [0.5, 0.5]},
        {"id": "x", "intercept": True, "embeddings": [None]},
        {"id": "y", "intercept": float("nan"), "embeddings": [float("inf")]},
        {"id": "z", "intercept": [0.1], "embeddings": 0.5},
    ]
    guidelines = [GUIDELINES[0] | {"intercept": 1, "embeddings": [-1]}]
    community = community_of(users, guidelines, [], mu=0.125)
    published = community.published
    assert published is not None
    assert published.mu == 0.125
    assert published.user_intercepts.to_dict() == {"v": -0.25}
    assert published.user_embeddings.loc["v"].tolist() == [0.5]
    assert published.guideline_intercepts.to_dict() == {"g": 1.0}
    assert published.guideline_embeddings.to_numpy().tolist() == [[-1.0]]
    assert len(community.participants) == 6
    assert community.warnings == {"invalid_intercept": 4, "invalid_embedding": 4}


@pytest.mark.parametrize("mu", [None, "0.1", float("nan"), float("-inf"), [0.1], True])
def test_published_parameters_need_a_finite_mu(mu):
    community = community_of([{"id": "u", "intercept": 0.5}], GUIDELINES, [], mu=mu)
    assert community.published is None
    assert community.warnings == {"invalid_mu": 1}


def test_user_without_ratings_and_guideline_rated_by_nobody_are_kept():
    community = community_of(USERS, GUIDELINES, [rating("u", "g")])
    assert community.participants["participant_id"].tolist() == ["u", "v"]
    assert community.guidelines["guideline_id"].tolist() == ["g", "h"]
