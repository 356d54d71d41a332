"""A comment model with known severities, and people simulated from its population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from labelaudit_dagster.auditing.comment_model import CommentModel, FitStatus, Population
from labelaudit_dagster.auditing.comment_model.population import standard_normal_points
from labelaudit_dagster.auditing.comment_model.response import severity_grid
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale

CENTRE = {2: [0.4, 0.2], 5: [0.2, -0.3, -0.3, -0.2, 0.3]}
SPREAD = {2: [0.9, 0.35], 5: [0.9, 0.4, 0.4, 0.4, 0.3]}


def model_of(scale: RatingScale, *, n_items: int = 400, sd: float = 0.35) -> CommentModel:
    """Return a model whose severities are known up to normal noise of `sd`."""
    rng = np.random.default_rng(8)
    grid = severity_grid(31)
    centre = np.clip(rng.normal(size=n_items), -2.5, 2.5)
    severity = np.exp(-0.5 * ((grid - centre[:, None]) / sd) ** 2)
    severity /= severity.sum(axis=1, keepdims=True)
    k = scale.n_levels
    points = standard_normal_points(1024, k, seed=1)
    return CommentModel(
        item_ids=np.arange(n_items, dtype=np.int64) * 3,
        severity=severity.astype(np.float32),
        n_ratings=np.full(n_items, 5, dtype=np.int64),
        grid=grid,
        population=Population(np.array(CENTRE[k]), np.diag(np.square(SPREAD[k]))),
        standard_points=points,
        point_weight=np.full(1024, 1 / 1024),
        scale=scale,
        status=FitStatus.CONVERGED,
        message="made by hand",
        diagnostics={},
    )


@dataclass(frozen=True, eq=False)
class People:
    """Draws people and their labels from a model's own assumptions."""

    model: CommentModel

    def labels(self, rng: np.random.Generator, n: int, theta: np.ndarray | None = None):
        """Return rows and levels of n labels of a person, drawn from the population if None."""
        model = self.model
        if theta is None:
            theta = model.population.at(rng.normal(size=(1, model.scale.n_levels)))[0]
        rows = rng.choice(model.n_items, n, replace=False)
        cumulative = np.cumsum(model.severity[rows], axis=1)
        drawn = (rng.random((n, 1)) * cumulative[:, -1:] > cumulative).sum(axis=1)
        cuts = np.cumsum(np.concatenate([theta[:1], np.exp(theta[1:-1])]))
        latent = np.exp(theta[-1]) * model.grid[drawn] + rng.normal(size=n)
        return rows, (latent[:, None] > cuts).sum(axis=1)


@pytest.fixture(scope="session")
def model() -> CommentModel:
    return model_of(TOXICITY_SCALE)


@pytest.fixture(scope="session")
def binary_model() -> CommentModel:
    return model_of(RatingScale.from_values([0, 1]), n_items=6000)


@pytest.fixture(scope="session")
def people(model: CommentModel) -> People:
    return People(model)


@pytest.fixture(scope="session")
def binary_people(binary_model: CommentModel) -> People:
    return People(binary_model)
