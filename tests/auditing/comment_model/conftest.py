"""A simulated crowd whose severities and people are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from labelaudit_dagster.auditing.comment_model import CommentModel, fit_comment_model
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE


@dataclass(frozen=True, eq=False)
class Crowd:
    severity: np.ndarray
    theta: np.ndarray
    rater: np.ndarray
    item: np.ndarray
    level: np.ndarray


@pytest.fixture(scope="session")
def crowd() -> Crowd:
    rng = np.random.default_rng(11)
    n_raters, n_items, each = 150, 300, 30
    severity = rng.normal(size=n_items)
    theta = rng.normal([0.3, -0.4, -0.3, -0.2, 0.3], [0.8, 0.3, 0.3, 0.3, 0.25], (n_raters, 5))
    rater = np.repeat(np.arange(n_raters), each)
    item = np.concatenate([rng.choice(n_items, each, replace=False) for _ in range(n_raters)])
    cuts = np.cumsum(np.hstack([theta[:, :1], np.exp(theta[:, 1:4])]), axis=1)
    latent = np.exp(theta[rater, 4]) * severity[item] + rng.normal(size=rater.size)
    return Crowd(severity, theta, rater, item, (latent[:, None] > cuts[rater]).sum(axis=1))


@pytest.fixture(scope="session")
def fitted(crowd: Crowd) -> CommentModel:
    return fit_comment_model(
        np.arange(len(crowd.severity)) * 10,
        None,
        crowd.rater,
        crowd.item,
        crowd.level,
        scale=TOXICITY_SCALE,
    )
