"""Topics: found, named, ordered, the same for any order of rows and any number of threads."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from labelaudit_dagster.auditing.topics import (
    OUTLIER,
    OUTLIER_NAME,
    TopicError,
    TopicOptions,
    assign_topics,
    chosen_number_of_topics,
)

NAME = re.compile(r"(-1_outliers|\d+(_[a-z0-9]+){1,4})")

THEMES = {
    "pets": ["dog", "cat", "puppy", "kitten", "vet", "leash", "bowl", "fur", "paw", "whiskers"],
    "trains": ["train", "station", "platform", "ticket", "delay", "carriage", "rail"],
    "cooking": ["soup", "recipe", "onion", "garlic", "oven", "spoon", "pepper", "stew"],
    "football": ["goal", "referee", "match", "league", "striker", "penalty", "keeper"],
}
SCRIPTS = {
    "chinese": ["交通工具", "共乘平台", "計程車費"],
    "arabic": ["مدرسة", "معلم", "كتاب", "درس"],
    "russian": ["собака", "кошка", "щенок", "ветеринар"],
    "emoji": ["🎉", "🎂", "🎈", "🥳"],
}


def comments(themes, sizes, seed=0, words=6):
    """Made-up comments: words of one theme among words that all share."""
    rng = np.random.default_rng(seed)
    theme = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    shared = [f"filler{number}" for number in range(60)]
    lists = list(themes.values())
    texts = [
        " ".join([*rng.choice(lists[number], words), *rng.choice(shared, 2)]) for number in theme
    ]
    return theme, texts


def test_planted_themes_are_found_and_numbered_by_size():
    theme, texts = comments(THEMES, [150, 120, 90, 60])
    found = assign_topics(np.arange(len(texts)), texts, TopicOptions(n_topics=4))
    assert found.n_topics == 4
    assert adjusted_rand_score(theme, found.comments["topic_id"]) > 0.95
    assert found.topics["n_comments"].is_monotonic_decreasing
    assert found.topics["n_comments"].sum() == len(texts)
    largest = found.topics.set_index("topic_id").loc[0]
    assert set(largest["topic"].split("_")[1:]) <= set(THEMES["pets"])
    assert set(largest["words"].split(", ")) == set(THEMES["pets"])
    assert found.stability is not None
    assert found.stability > 0.9


def test_frames_have_the_canonical_columns():
    _, texts = comments(THEMES, [40, 30, 30, 20])
    found = assign_topics(np.arange(len(texts)) * 7, texts)
    assert list(found.comments.columns) == ["item_id", "topic_id", "topic"]
    assert found.comments["item_id"].dtype == found.comments["topic_id"].dtype == np.int64
    assert list(found.topics.columns) == ["topic_id", "topic", "n_comments", "words", "coherence"]
    assert found.topics["topic_id"].is_monotonic_increasing
    assert found.topics["topic"].is_unique
    counted = found.comments["topic"].value_counts()
    assert counted.to_dict() == dict(
        zip(found.topics["topic"], found.topics["n_comments"], strict=True)
    )


def test_the_order_of_rows_and_the_number_of_threads_do_not_matter():
    _, texts = comments(THEMES, [150, 120, 90, 60], words=2)
    ids = np.random.default_rng(3).permutation(10_000)[: len(texts)]
    order = np.random.default_rng(4).permutation(len(texts))
    with threadpool_limits(limits=1):
        first = assign_topics(ids, texts)
    with threadpool_limits(limits=2):
        second = assign_topics(ids[order], [texts[row] for row in order])
    pd.testing.assert_frame_equal(first.comments, second.comments, check_exact=True)
    pd.testing.assert_frame_equal(first.topics, second.topics, check_exact=True)
    assert first.figures() == second.figures()


def test_equal_words_give_equal_topics():
    _, texts = comments(THEMES, [60, 50, 40, 30], words=1)
    again = [text.upper() + "!" for text in texts]
    found = assign_topics(np.arange(2 * len(texts)), texts + again)
    topic = found.comments["topic_id"].to_numpy()
    assert (topic[: len(texts)] == topic[len(texts) :]).all()


def test_texts_in_any_script_get_distinct_usable_names():
    theme, texts = comments(SCRIPTS, [60, 50, 40, 30], words=3)
    found = assign_topics(np.arange(len(texts)), texts, TopicOptions(n_topics=4))
    assert adjusted_rand_score(theme, found.comments["topic_id"]) > 0.95
    assert all(NAME.fullmatch(name) for name in found.topics["topic"])
    words = {word for name in found.topics["topic"] for word in name.split("_")[1:]}
    assert {"jiaotong", "sobaka", "tada", "drs"} & words == {"jiaotong", "sobaka", "tada", "drs"}
    assert not any("filler" in word for word in words)


def test_empty_and_wordless_comments_belong_to_no_topic():
    _, texts = comments(THEMES, [40, 40, 40, 40])
    found = assign_topics(np.arange(163), [*texts, "", "...", "and the of"])
    assert found.comments["topic_id"].tolist()[-3:] == [OUTLIER] * 3
    assert found.n_without_terms == 3
    assert found.topics["topic"].iloc[0] == OUTLIER_NAME
    assert found.topics["words"].iloc[0] == ""


def test_comments_far_from_every_topic_are_outliers():
    _, texts = comments(THEMES, [80, 80, 80, 80])
    # Eighteen words that no two of these share, beside one word of a theme.
    strange = [
        " ".join([f"odd{number}x{word}" for word in range(18)] * 2 + ["dog"])
        for number in range(4)
        for _ in range(3)
    ]
    ids = np.arange(len(texts) + len(strange))
    options = {"n_topics": 4, "smallest_topic": 20}
    far = assign_topics(ids, texts + strange, TopicOptions(**options)).comments["topic_id"]
    assert (far.iloc[-12:] == OUTLIER).all()
    assert (far.iloc[:-12] != OUTLIER).mean() > 0.98
    kept = assign_topics(ids, texts + strange, TopicOptions(outlier_ratio=0, **options))
    assert kept.n_outliers == 0


def test_small_topics_are_dissolved():
    theme, texts = comments(THEMES, [100, 100, 100, 20])
    ids = np.arange(len(texts))
    options = {"n_topics": 4, "outlier_ratio": 0}
    apart = assign_topics(ids, texts, TopicOptions(smallest_topic=1, **options))
    assert adjusted_rand_score(theme, apart.comments["topic_id"]) > 0.95
    assert apart.topics["n_comments"].min() < 30
    found = assign_topics(ids, texts, TopicOptions(smallest_topic=30, **options))
    assert found.n_topics == 3
    assert found.topics["n_comments"].sum() == len(texts)


@pytest.mark.parametrize(
    ("texts", "sizes"),
    [
        ([], []),
        (["the dog"], [1]),
        (["", ""], [2]),
        (["same words here"] * 50, [50]),
        (["hello"] * 30 + ["goodbye"] * 20, [30, 20]),
        (["the and of"] * 5, [5]),
    ],
    ids=["none", "one", "empty", "equal", "two", "wordless"],
)
def test_tiny_and_uniform_corpora(texts, sizes):
    options = TopicOptions(n_topics=2)
    found = assign_topics(np.arange(len(texts)), texts, options)
    assert found.topics["n_comments"].tolist() == sizes
    assert len(found.comments) == len(texts)
    assert all(NAME.fullmatch(name) for name in found.comments["topic"])


def test_fifty_comments_get_two_topics():
    theme, texts = comments({key: THEMES[key] for key in ("pets", "trains")}, [30, 20])
    found = assign_topics(np.arange(50), texts)
    assert found.n_topics == 2
    assert adjusted_rand_score(theme, found.comments["topic_id"]) > 0.9


def test_long_comments_cost_little_and_name_nothing_alone():
    _, texts = comments(THEMES, [60, 60, 60, 60])
    long = ["zebra " * 17_000, " ".join(THEMES["pets"]) + " x" * 50_000]
    found = assign_topics(np.arange(242), texts + long)
    assert found.comments["topic_id"].iloc[-1] != OUTLIER
    assert not any("zebra" in name for name in found.topics["topic"])


def test_a_sample_of_comments_is_enough_to_find_the_topics():
    theme, texts = comments(THEMES, [300, 300, 300, 300])
    options = TopicOptions(n_topics=4, fit_comments=100, stability_comments=50)
    found = assign_topics(np.arange(len(texts)), texts, options)
    assert adjusted_rand_score(theme, found.comments["topic_id"]) > 0.9


def test_figures_tell_themes_from_noise():
    rng = np.random.default_rng(0)
    noise = [" ".join(f"word{n}" for n in rng.integers(0, 60, 6)) for _ in range(300)]
    _, texts = comments(THEMES, [75, 75, 75, 75])
    options = TopicOptions(n_topics=4)
    clear = assign_topics(np.arange(300), texts, options)
    blurred = assign_topics(np.arange(300), noise, options)
    assert None not in (clear.stability, blurred.stability, clear.coherence, blurred.coherence)
    assert clear.stability > blurred.stability + 0.5
    assert clear.coherence > blurred.coherence + 0.2
    without = assign_topics(np.arange(300), texts, TopicOptions(n_topics=4, stability_rounds=0))
    assert without.stability is None
    assert without.comments.equals(clear.comments)


@pytest.mark.parametrize(("n", "topics"), [(0, 1), (1, 1), (50, 2), (2400, 16), (107_620, 109)])
def test_the_number_of_topics_follows_the_number_of_comments(n, topics):
    assert chosen_number_of_topics(n) == topics


def test_there_are_never_more_topics_than_the_views_show():
    assert chosen_number_of_topics(10**7) == 200


@pytest.mark.parametrize(
    ("ids", "texts", "message"),
    [
        ([1, 1], ["a", "b"], "item_id 1 occurs more than once"),
        ([1], ["a", "b"], "1 ids and 2 texts"),
        ([-1], ["a"], "0 or more"),
        ([1.5], ["a"], "whole numbers"),
        ([4, 3], ["a", None], "item_id 3 is no string but NoneType"),
    ],
)
def test_comments_that_make_no_table_are_refused(ids, texts, message):
    with pytest.raises(TopicError, match=message):
        assign_topics(ids, texts)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n_topics", 0),
        ("n_topics", 201),
        ("n_topics", True),
        ("seed", -1),
        ("name_words", 9),
        ("outlier_ratio", 1.0),
        ("outlier_ratio", float("nan")),
        ("stability_rounds", 1.5),
        ("fit_comments", 0),
    ],
)
def test_options_out_of_range_are_refused_by_name(option, value):
    with pytest.raises(TopicError, match=f"^{option} must be"):
        TopicOptions(**{option: value})


@pytest.mark.realdata
def test_chinese_comments_get_pinyin_names(data_root):
    rows = pd.read_csv(data_root / "polis-vtaiwan-uberx" / "comments.csv")
    found = assign_topics(rows["comment-id"].to_numpy(), rows["comment-body"].fillna("").tolist())
    assert found.n_topics >= 4
    assert found.n_outliers < 0.1 * len(rows)
    assert all(NAME.fullmatch(name) for name in found.topics["topic"])
    # "Driver" and "passenger" are what that conversation, on UberX in Taiwan, is about.
    assert {"siji", "chengke"} <= set("_".join(found.topics["topic"]).split("_"))
