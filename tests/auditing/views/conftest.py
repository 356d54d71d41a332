"""A corpus of eight comments whose every figure can be told by hand, and a random one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.auditing.views import AuditTable

TOPICS = {0: "0_cats", 1: "1_dogs_and", 7: "7_bus", -1: "-1_the_a", 250: "250_far"}
# id, text, topic, system, you
COMMENTS = [
    (10, "Cats sleep", 0, 0.0, 0.0),  # both non-toxic
    (11, "cats HISS at you", 0, 2.0, 3.0),  # under: 2 is not above the threshold
    (12, "A rude cat.*", 0, 3.0, 2.0),  # over
    (13, "dogs bark, straße", 1, 4.0, 3.9),  # both toxic
    (14, "dogs bite", 1, 3.6, 1.0),  # over, far
    (15, "Bus", 7, 0.4, 4.0),  # under, far
    (16, "a cat on the bus", -1, 2.4, 2.4),  # both toxic
    (17, "far away", 250, 1.2, 2.6),  # under
]


@pytest.fixture
def frames():
    data = pd.DataFrame(COMMENTS, columns=["item_id", "text", "topic_id", "system_rating", "mean"])
    comments = data[["item_id", "text"]].assign(
        is_profane_frac=[0.0, 0.31, 0.3, None, 0.9, 0, 0, 0],
        is_insult_frac=[0.0, 0.5, 0.5, 0.5, 0, 0, 0, 0],
    )
    topics = data[["item_id", "topic_id"]].assign(topic=data["topic_id"].map(TOPICS))
    predictions = data[["item_id", "mean"]].astype({"mean": "float32"})
    return comments, topics, data[["item_id", "system_rating"]], predictions


@pytest.fixture
def table(frames):
    return AuditTable.from_frames(*frames[:3], scale=TOXICITY_SCALE)


@pytest.fixture
def you(table, frames):
    return table.aligned(frames[3])


@pytest.fixture(scope="session")
def large():
    """Return a table of 6,000 comments in 30 topics and the outliers, and predictions."""
    rng = np.random.default_rng(5)
    n = 6_000
    ids = np.sort(rng.choice(10**9, n, replace=False))
    topic = rng.integers(-1, 30, n)
    words = np.array([f"word{i}" for i in range(300)], dtype=object)
    frame = pd.DataFrame(
        {
            "item_id": ids,
            "text": [" ".join(rng.choice(words, rng.integers(0, 20))) for _ in range(n)],
            "topic_id": topic,
            "topic": [f"{number}_a_b" for number in topic],
            "system_rating": rng.uniform(0, 4, n).round(2),
        }
    ).sample(frac=1, random_state=1)
    table = AuditTable.from_frames(
        frame[["item_id", "text"]],
        frame[["item_id", "topic_id", "topic"]],
        frame[["item_id", "system_rating"]],
        scale=TOXICITY_SCALE,
    )
    return table, rng.uniform(0, 4, n).astype(np.float32), frame.sort_values("item_id")
