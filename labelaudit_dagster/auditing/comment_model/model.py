"""The fitted comment model: severities of all comments, the population, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelaudit_dagster.auditing.comment_model.errors import CommentModelError
from labelaudit_dagster.auditing.comment_model.population import Population
from labelaudit_dagster.auditing.comment_model.response import ResponseTable
from labelaudit_dagster.auditing.rating_scale import RatingScale

FORMAT: Final = 1
_GRID_COLUMN: Final = "severity_grid_"
_POINT_COLUMN: Final = "z_"


class FitStatus(StrEnum):
    """How a fit ended."""

    CONVERGED = "converged"
    ITERATION_LIMIT = "iteration_limit"
    NOT_FINITE = "not_finite"


@dataclass(frozen=True, eq=False)
class CommentModel:
    """Everything that personal models need; fitted once per corpus, never changed.

    Attributes:
        item_ids: int64, shape (n,), ascending. "Rows" everywhere are positions in it.
        severity: posterior of each comment's severity on the grid, float32, shape (n, G), rows
            sum to 1.
        n_ratings: ratings of each comment, int64, shape (n,); 0 where only the text is known.
        grid: severities, float64, shape (G,), ascending.
        population: of the raters.
        standard_points: person points in standard coordinates, float64, shape (P, K).
        point_weight: prior weight of each person point, float64, shape (P,), sum 1.
        scale: of the ratings.
        status: how the fit ended.
        message: the status in a sentence.
        diagnostics: plain JSON: sweeps, change per sweep, evidence, sizes, options, text prior;
            only `seconds` differs between two fits of the same ratings.
    """

    item_ids: NDArray[np.int64]
    severity: NDArray[np.float32]
    n_ratings: NDArray[np.int64]
    grid: NDArray[np.float64]
    population: Population
    standard_points: NDArray[np.float64]
    point_weight: NDArray[np.float64]
    scale: RatingScale
    status: FitStatus
    message: str
    diagnostics: dict[str, Any]

    @property
    def n_items(self) -> int:
        """Number of comments."""
        return len(self.item_ids)

    @cached_property
    def responses(self) -> ResponseTable:
        """Answers of the person points, with which people are folded in."""
        return ResponseTable.of(self.population.at(self.standard_points), self.grid)

    @cached_property
    def severity_mean(self) -> NDArray[np.float64]:
        """Posterior mean of each severity, float64, shape (n,)."""
        return np.asarray(self.severity @ self.grid)

    @cached_property
    def severity_sd(self) -> NDArray[np.float64]:
        """Posterior standard deviation of each severity, float64, shape (n,)."""
        second = self.severity @ self.grid**2
        return np.asarray(np.sqrt(np.maximum(second - self.severity_mean**2, 0.0)))

    @cached_property
    def severity_second_moment(self) -> NDArray[np.float64]:
        """Mean over comments of the outer product of a posterior with itself, shape (G, G)."""
        return np.asarray(self.severity.T @ self.severity, dtype=np.float64) / self.n_items

    def rows_of(self, item_ids: Any) -> NDArray[np.int64]:
        """Return the row of each comment, -1 where the model does not know it."""
        wanted = np.asarray(item_ids, dtype=np.int64)
        rows = np.searchsorted(self.item_ids, wanted)
        inside = np.minimum(rows, self.n_items - 1)
        return np.where(self.item_ids[inside] == wanted, inside, -1)

    def to_members(self) -> dict[str, Any]:
        """Return the model as frames and one JSON document, for a `Bundle`.

        Members: `severities` (item_id, n_ratings, severity_mean, severity_sd, and the posterior on
        the grid), `person_points`, `model`. `from_members` gives the same model to the bit.
        """
        severities = pd.DataFrame(
            {
                "item_id": self.item_ids,
                "n_ratings": self.n_ratings,
                "severity_mean": self.severity_mean.astype(np.float32),
                "severity_sd": self.severity_sd.astype(np.float32),
            }
        )
        posterior = pd.DataFrame(
            self.severity, columns=[f"{_GRID_COLUMN}{g:02d}" for g in range(len(self.grid))]
        )
        points = pd.DataFrame(
            self.standard_points,
            columns=[f"{_POINT_COLUMN}{d:02d}" for d in range(self.standard_points.shape[1])],
        )
        points.insert(0, "weight", self.point_weight)
        return {
            "severities": pd.concat([severities, posterior], axis=1),
            "person_points": points,
            "model": {
                "format": FORMAT,
                "scale": self.scale.to_document(),
                "grid": self.grid.tolist(),
                "population_mean": self.population.mean.tolist(),
                "population_covariance": self.population.covariance.tolist(),
                "status": str(self.status),
                "message": self.message,
                "diagnostics": self.diagnostics,
            },
        }

    @classmethod
    def from_members(cls, members: Mapping[str, Any]) -> CommentModel:
        """Read what `to_members` wrote.

        Raises:
            CommentModelError: if the members are of another format.
        """
        document = members["model"]
        if document.get("format") != FORMAT:
            raise CommentModelError(
                f"The comment model has format {document.get('format')!r}, this version reads "
                f"{FORMAT}; materialise comment_model again."
            )
        severities, points = members["severities"], members["person_points"]
        posterior = [name for name in severities.columns if str(name).startswith(_GRID_COLUMN)]
        axes = [name for name in points.columns if str(name).startswith(_POINT_COLUMN)]
        return cls(
            item_ids=severities["item_id"].to_numpy(dtype=np.int64),
            severity=np.ascontiguousarray(severities[posterior].to_numpy(dtype=np.float32)),
            n_ratings=severities["n_ratings"].to_numpy(dtype=np.int64),
            grid=np.asarray(document["grid"], dtype=np.float64),
            population=Population(
                np.asarray(document["population_mean"], dtype=np.float64),
                np.asarray(document["population_covariance"], dtype=np.float64),
            ),
            standard_points=np.ascontiguousarray(points[axes].to_numpy(dtype=np.float64)),
            point_weight=points["weight"].to_numpy(dtype=np.float64),
            scale=RatingScale.from_document(document["scale"]),
            status=FitStatus(document["status"]),
            message=str(document["message"]),
            diagnostics=dict(document["diagnostics"]),
        )
