"""The sample's corpus: reproducible, readable, and with two faults that an audit finds."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from importlib.resources import files

import numpy as np
import orjson
import pandas as pd
import pytest

from labelaudit_dagster import sample
from labelaudit_dagster.auditing.comment_model import fit_comment_model
from labelaudit_dagster.auditing.personal_model import fold_in, predict
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.auditing.topics import TopicOptions, assign_topics
from labelaudit_dagster.importers import CATEGORY_SHARES, Corpus

GOLDEN = "3020bf97fc6b722a3e4d5eac7cd257e1cd4bc7b66aac7f6a07f6ca53a60c83eb"
VALUES = {
    "gender": {"Male", "Female", "Nonbinary"},
    "political_affilation": {"Conservative", "Liberal", "Independent", "Other"},
    "religion_important": {
        "Not important",
        "Not too important",
        "Somewhat important",
        "Very important",
    },
    "lgbtq_status": {"Heterosexual", "Homosexual", "Bisexual"},
}
RACES = {
    "White",
    "Black or African American",
    "Hispanic",
    "Asian",
    "American Indian or Alaskan Native",
    "Native Hawaiian or Pacific Islander",
    "Other",
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return sample.corpus()


def digest(corpus: Corpus) -> str:
    """Hash every cell; numbers are written so that any changed bit shows."""
    whole = hashlib.sha256()
    for name in corpus.table_names:
        frame = corpus.table(name)
        whole.update(orjson.dumps([name, *frame.columns]))
        for column in frame:
            cells = [None if pd.isna(cell) else cell for cell in frame[column].tolist()]
            whole.update(orjson.dumps(cells))
    return whole.hexdigest()


def crowd_means(corpus: Corpus) -> pd.DataFrame:
    """Theme, tone, the mean of the ratings and the system's score of each comment."""
    means = corpus.comment_ratings.groupby("item_id")["rating"].mean().rename("crowd")
    frame = sample.planted_themes().merge(means, on="item_id")
    return frame.merge(corpus.table("system_ratings"), on="item_id")


def test_the_corpus_is_well_formed(corpus: Corpus):
    corpus.validate()
    assert corpus.scale == TOXICITY_SCALE
    assert corpus.identity.kind == "sample"
    assert len(corpus.comments) >= 2400
    assert len(corpus.raters) == 360
    assert corpus.comments["text"].is_unique
    assert corpus.comments["item_id"].tolist() == list(range(1, len(corpus.comments) + 1))
    assert corpus.comments.columns.tolist()[3:] == [spec.name for spec in CATEGORY_SHARES]
    assert corpus.table("system_ratings")["item_id"].tolist() == corpus.comments["item_id"].tolist()


def test_the_corpus_is_the_same_to_the_bit_on_every_machine(corpus: Corpus):
    assert digest(corpus) == GOLDEN


def test_the_seed_changes_comments_raters_and_ratings(corpus: Corpus):
    other = sample.corpus(seed=1)
    assert digest(sample.corpus(seed=1)) == digest(other) != digest(corpus)
    assert not set(other.comments["text"]) >= set(corpus.comments["text"])


def test_nobody_changes_the_sample_for_others(corpus: Corpus):
    mine = sample.corpus()
    mine.comments.loc[0, "text"] = "something else"
    mine.table("system_ratings")["system_rating"] = 0.0
    assert sample.corpus().equals(corpus)


def test_themes_are_many_and_three_are_large_enough_to_tune_for():
    sizes = sample.planted_themes()["theme"].value_counts()
    assert set(sizes.index) == set(sample.THEMES)
    assert len(sizes) >= 12
    assert (sizes >= 150).sum() >= 3
    assert sizes.min() >= 100


def test_comments_read_like_comments(corpus: Corpus):
    texts = corpus.comments["text"]
    # Nothing of the grammar shows, sentences are whole, and blanks are single.
    assert not texts.str.contains(r"[\[\]{}|]", regex=True).any()
    assert not texts.str.contains(r"\s\s|^\s|\s$|\s[,.!?]|[,.!?]{2}", regex=True).any()
    assert [text for text in texts if re.search(r"\b(\w+) \1\b", text, re.IGNORECASE)] == []
    assert not texts.str.contains(r"\ba [aeiou]\w+", case=False, regex=True).any()
    assert texts.str.len().between(20, 260).all()
    capital = texts.str[0].str.isupper()
    assert (capital | (texts == texts.str.lower())).all()
    # A sentence may come back with other words, but not too often.
    openings = texts.str.casefold().str.split().str[:6].str.join(" ")
    assert openings.value_counts().max() <= 25


def test_sentences_are_written_once():
    folder = files("labelaudit_dagster.sample").joinpath("themes")
    names = sorted(path.name.removesuffix(".json") for path in folder.iterdir())
    assert names == sorted(sample.THEMES)
    for theme in names:
        document = orjson.loads(folder.joinpath(f"{theme}.json").read_bytes())
        mains = [main for tone in document["tones"].values() for main in tone["mains"]]
        assert len(mains) == len(set(mains)) >= 20
        used = {name for main in mains for name in re.findall(r"\{(\w+)\}", main)}
        assert used == set(document["slots"])
        assert sum(tone["weight"] for tone in document["tones"].values()) == pytest.approx(1)


def test_raters_have_the_demographics_of_the_contract(corpus: Corpus):
    raters = corpus.raters
    assert raters.columns.tolist() == ["rater_id", *VALUES, "race"]
    for column, values in VALUES.items():
        assert set(raters[column].dropna()) == values
        assert 0 < raters[column].isna().mean() < 0.1
    races = raters["race"].dropna().str.split(", ")
    assert set(races.explode()) == RACES
    assert (races.str.len() == 2).any()


def test_each_comment_has_three_to_eight_ratings_and_each_rater_some(corpus: Corpus):
    ratings = corpus.comment_ratings
    per_comment = ratings["item_id"].value_counts()
    assert len(per_comment) == len(corpus.comments)
    assert set(per_comment) == {3, 4, 5, 6, 7, 8}
    per_rater = ratings["rater_id"].value_counts()
    assert len(per_rater) == len(corpus.raters)
    assert per_rater.min() >= 3
    assert per_rater.max() > 3 * per_rater.median()
    shares = ratings["rating"].value_counts(normalize=True)
    assert set(shares.index) == set(TOXICITY_SCALE.values)
    assert shares.min() > 0.02


def test_groups_see_some_tones_differently(corpus: Corpus):
    rated = corpus.comment_ratings.merge(corpus.raters, on="rater_id")
    rated = rated.merge(sample.planted_themes(), on="item_id")

    def gap(tone: str, column: str, high: str, low: str) -> float:
        means = rated[rated["tone"] == tone].groupby(column)["rating"].mean()
        return float(means[high] - means[low])

    assert gap("irreverent", "religion_important", "Very important", "Not important") > 0.8
    assert gap("pushy", "gender", "Female", "Male") > 0.4
    assert gap("swearing", "political_affilation", "Conservative", "Liberal") > 0.25
    assert abs(gap("plain", "gender", "Female", "Male")) < 0.1
    # Group models have raters: every single answer is shared by at least five.
    for column in ("gender", "political_affilation", "religion_important", "lgbtq_status"):
        assert corpus.raters[column].value_counts().min() >= 5


@pytest.mark.parametrize(
    ("tone", "category"),
    [
        ("swearing", "is_profane_frac"),
        ("threat", "is_threat_frac"),
        ("irreverent", "is_identity_attack_frac"),
        ("rude", "is_insult_frac"),
        ("cutting", "is_insult_frac"),
        ("pushy", "is_sexual_harassment_frac"),
    ],
)
def test_categories_fit_the_kind_of_comment(corpus: Corpus, tone: str, category: str):
    shares = [spec.name for spec in CATEGORY_SHARES]
    tones = sample.planted_themes()["tone"]
    means = corpus.comments.groupby(tones)[shares].mean()
    assert means.loc[tone].idxmax() == category
    assert means.loc[tone, category] > 0.3
    assert (means.loc[["warm", "plain"]] < 0.05).all(axis=None)
    # A share is a count over the number of the comment's raters.
    raters = corpus.comment_ratings["item_id"].value_counts().sort_index().to_numpy()
    counts = corpus.comments[category].to_numpy() * raters
    assert np.allclose(counts, np.round(counts))


def test_the_system_is_wrong_about_two_themes_and_only_there(corpus: Corpus):
    over, under = sample.planted_faults()
    assert over.direction == sample.OVER_SENSITIVE
    assert under.direction == sample.UNDER_SENSITIVE
    frame = crowd_means(corpus)
    for fault in (over, under):
        chosen = frame.loc[frame["theme"] == fault.theme, "item_id"]
        assert fault.item_ids == tuple(sorted(chosen))
    toxic, flagged = frame["crowd"] > 2, frame["system_rating"] > 2
    by_theme = frame["theme"]
    false_alarms = (flagged & ~toxic).groupby(by_theme).mean()
    missed = (toxic & ~flagged).groupby(by_theme).mean()
    assert false_alarms[over.theme] > 0.8
    assert missed[under.theme] > 0.5
    assert false_alarms.drop(over.theme).max() < 0.12
    assert missed.drop(under.theme).max() < 0.12
    # Elsewhere the system is the crowd with noise that has no direction.
    elsewhere = frame[~by_theme.isin([over.theme, under.theme])]
    difference = elsewhere["system_rating"] - elsewhere["crowd"]
    assert abs(difference.mean()) < 0.1
    assert 0.2 < difference.std() < 0.6


def test_the_demo_user_labels_a_stratified_pick(corpus: Corpus):
    user = sample.demo_user()
    labels = user.labels
    assert (user.user_id, user.model) == (sample.DEMO_USER, sample.DEMO_MODEL)
    assert len(labels) == 20
    assert labels["item_id"].is_unique
    assert labels["item_id"].isin(corpus.comments["item_id"]).all()
    assert labels["rating"].isin(TOXICITY_SCALE.values).all()
    scores = corpus.table("system_ratings").set_index("item_id")["system_rating"]
    bins = np.digitize(scores[labels["item_id"]], [0.5, 1.5, 2.5, 3.5])
    assert np.bincount(bins).tolist() == [2, 4, 8, 4, 2]
    assert labels.equals(sample.demo_user().labels)
    # A person with an opinion: both sides of the threshold, several levels.
    assert 4 <= (labels["rating"] > TOXICITY_SCALE.threshold).sum() <= 14
    assert labels["rating"].nunique() >= 4


def test_an_audit_by_the_demo_user_finds_exactly_the_planted_faults(corpus: Corpus):
    item_ids, texts = corpus.comments["item_id"].to_numpy(), corpus.comments["text"].tolist()
    ratings = corpus.comment_ratings
    model = fit_comment_model(
        item_ids,
        texts,
        pd.Index(corpus.raters["rater_id"]).get_indexer(ratings["rater_id"]),
        pd.Index(item_ids).get_indexer(ratings["item_id"]),
        corpus.scale.levels_of(ratings["rating"]),
        scale=corpus.scale,
    )
    labels = sample.demo_user().labels
    rows = pd.Index(item_ids).get_indexer(labels["item_id"])
    predicted = predict(model, fold_in(model, rows, corpus.scale.levels_of(labels["rating"]))).mean
    frame = assign_topics(item_ids, texts, TopicOptions()).comments
    frame = frame.merge(sample.planted_themes(), on="item_id")
    toxic = predicted > TOXICITY_SCALE.threshold
    flagged = corpus.table("system_ratings")["system_rating"].to_numpy() > 2
    topics = frame["topic"]
    for fault, wrong in zip(
        sample.planted_faults(), (flagged & ~toxic, toxic & ~flagged), strict=True
    ):
        shares = pd.Series(wrong).groupby(topics).mean().sort_values(ascending=False)
        leading = frame[topics == shares.index[0]]
        assert shares.iloc[0] > 0.5
        assert shares.iloc[1] < 0.15
        assert (leading["theme"] == fault.theme).mean() > 0.9
        assert (leading["theme"] == fault.theme).sum() > 0.9 * len(fault.item_ids)


@pytest.mark.parametrize("n_raters", [8, 40])
def test_small_crowds(n_raters: int):
    small = sample.corpus(n_raters=n_raters)
    small.validate()
    assert len(small.raters) == n_raters


def test_too_few_raters_are_refused():
    with pytest.raises(ValueError, match="n_raters"):
        sample.corpus(n_raters=7)


def test_importing_the_sample_is_cheap_and_its_names_stay_what_they_are():
    program = (
        "import sys; from labelaudit_dagster import sample; "
        "print(*sorted({'numpy', 'pandas', 'orjson', 'jax', 'sklearn'} & set(sys.modules)));"
        "sample.demo_user(); sample.planted_faults();"
        "print(len(sample.demo_user().labels), len(sample.planted_faults()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["", "20 2"]
