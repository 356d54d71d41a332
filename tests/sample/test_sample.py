"""The sample: reproducible, well-formed, and a community on which a majority vote goes wrong."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster import sample
from labelaudit_dagster.factorization import (
    FactorizationParameters,
    RatingTriples,
    factorize,
)
from labelaudit_dagster.importers import Community, read_export, same_source, write_export

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def digest(community: Community) -> str:
    stream = io.BytesIO()
    write_export(community, stream)
    return hashlib.sha256(stream.getvalue()).hexdigest()


def judged(community: Community) -> pd.DataFrame:
    """Guidelines with their kind, raw support, intercept and the published acceptance rule."""
    people = pd.Index(community.participants["participant_id"])
    items = pd.Index(community.guidelines["guideline_id"])
    ratings = community.guideline_ratings
    result = factorize(
        RatingTriples.from_arrays(
            people.get_indexer(ratings["participant_id"]),
            items.get_indexer(ratings["guideline_id"]),
            ratings["helpful"].to_numpy(dtype=np.float64),
            n_rows=len(people),
            n_cols=len(items),
        ),
        FactorizationParameters(),
    )
    support = ratings.groupby("guideline_id")["helpful"].agg(["mean", "size"]).reindex(items)
    frame = sample.planted().set_index("guideline_id").reindex(items)
    frame["raw"], frame["n"] = support["mean"], support["size"]
    frame["intercept"] = np.asarray(result.parameters.item_intercept)
    frame["accepted"] = (frame["intercept"] > 0.375) & (frame["n"] >= 5) & (frame["raw"] >= 0.8)
    return frame


def test_the_community_is_well_formed():
    community = sample.community()
    community.validate()
    assert len(community.participants) == 400
    assert len(community.guidelines) == 100
    assert len(community.topics) == 8
    assert community.guidelines["topic_id"].isin(community.topics["topic_id"]).all()
    assert community.guidelines["text"].is_unique
    assert community.participants.columns.tolist() == [
        "participant_id",
        "age_band",
        "education",
        "region",
    ]
    assert community.participants.isna().any().tolist() == [False, True, True, True]
    filled = len(community.guideline_ratings) / (400 * 100)
    assert 0.2 < filled < 0.6
    assert community.guideline_ratings["rated_at"].max() < pd.Timestamp(NOW)


def test_kinds_are_declared_for_every_guideline():
    planted = sample.planted()
    community = sample.community(n_raters=3)
    assert planted["guideline_id"].tolist() == community.guidelines["guideline_id"].tolist()
    kinds = planted["kind"].value_counts()
    assert set(kinds.index) == set(sample.KINDS)
    assert kinds["consensus"] >= 10
    assert kinds["polarising"] >= 10


def test_the_same_arguments_give_the_same_community():
    assert digest(sample.community(seed=5, n_raters=50)) == digest(
        sample.community(seed=5, n_raters=50)
    )
    assert digest(sample.community(seed=6, n_raters=50)) != digest(
        sample.community(seed=5, n_raters=50)
    )


@pytest.mark.parametrize("n_raters", [1, 2, 37])
def test_small_communities(n_raters: int):
    community = sample.community(n_raters=n_raters)
    community.validate()
    assert len(community.participants) == n_raters
    assert set(community.guideline_ratings["participant_id"]) == set(
        community.participants["participant_id"]
    )


def test_no_raters_are_refused():
    with pytest.raises(ValueError, match="n_raters"):
        sample.community(n_raters=0)


def test_it_passes_through_an_export():
    community = sample.community(n_raters=60)
    stream = io.BytesIO()
    write_export(community, stream)
    back = read_export(stream.getvalue(), now=NOW)
    assert back.equals(community)
    assert same_source(back.identity, community.identity)


@pytest.mark.parametrize("seed", range(6))
def test_bridging_finds_what_was_planted_and_a_majority_vote_does_not(seed: int):
    guidelines = judged(sample.community(seed=seed))
    kinds = guidelines["kind"]
    accepted = guidelines["accepted"]
    assert 10 <= accepted.sum() <= 20
    assert set(kinds[accepted]) == {"consensus"}
    # A majority vote with the same share accepts polarising guidelines.
    majority = guidelines["raw"] >= 0.8
    assert (kinds[majority] == "polarising").sum() >= 1
    # The margin is no accident: every consensus guideline is ahead of every polarising one.
    worst_consensus = guidelines["intercept"][kinds == "consensus"].min()
    assert worst_consensus > guidelines["intercept"][kinds == "polarising"].max()
    # Nor is it the share alone: a polarising guideline loses more than its share explains.
    straight = np.polyfit(
        guidelines["raw"][kinds != "polarising"], guidelines["intercept"][kinds != "polarising"], 1
    )
    loved = (kinds == "polarising") & majority
    expected = np.polyval(straight, guidelines["raw"][loved])
    assert (guidelines["intercept"][loved] < expected).all()
