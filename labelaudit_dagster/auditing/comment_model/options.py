"""Options of the fit; those that depend on the size of the corpus are chosen from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.comment_model.errors import CommentModelError

LARGE: Final = 100_000
"""From this number of ratings the fit uses fewer person points, and a coarser grid if it may."""

MANY_POINTS, FEW_POINTS = 512, 256
COARSE_GRID, USUAL_GRID, FINE_GRID = 21, 31, 61
COARSE_UP_TO, USUAL_UP_TO = 25, 100
"""Ratings per comment that a grid can tell apart: the spacing of its points must stay below about
twice the standard deviation of a severity, which shrinks with the ratings."""


@dataclass(frozen=True)
class CommentModelOptions:
    """How finely and how long to fit; None means chosen by `resolved` from the size.

    Attributes:
        grid_points: points on the severity axis, from -4 to 4; by default 31, or 61 where one
            comment in ten has more than 100 ratings, or 21 in a corpus of 100,000 ratings where
            hardly one has more than 25.
        fit_points: person points while fitting; by default 512, or 256 from 100,000 ratings.
        person_points: person points of the finished model, with which people are folded in.
        max_sweeps: sweeps after which the fit ends with the status "iteration_limit".
        tolerance: the fit has converged when a sweep moves the severities (root mean square; they
            have unit variance) and every population mean by no more than this.
        use_text: whether the texts say where a comment's severity is expected.
        seed: of the scrambled Sobol sequences and of the folds of the text prior.
    """

    grid_points: int | None = None
    fit_points: int | None = None
    person_points: int = 1024
    max_sweeps: int = 30
    tolerance: float = 0.005
    use_text: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        for name, value, lowest in (
            ("grid_points", self.grid_points, 5),
            ("fit_points", self.fit_points, 16),
            ("person_points", self.person_points, 16),
            ("max_sweeps", self.max_sweeps, 1),
        ):
            if value is not None and value < lowest:
                raise CommentModelError(f"{name} is {value}; it must be at least {lowest}.")
        if not self.tolerance > 0:
            raise CommentModelError(f"tolerance is {self.tolerance}; it must be positive.")

    def resolved_grid_points(self, ratings_per_item: NDArray[np.int64]) -> int:
        """Return the number of severity points for comments with so many ratings each."""
        if self.grid_points is not None:
            return self.grid_points
        rated = ratings_per_item[ratings_per_item > 0]
        many = float(np.quantile(rated, 0.9)) if len(rated) else 0.0
        if many > USUAL_UP_TO:
            return FINE_GRID
        coarse = many <= COARSE_UP_TO and rated.sum() >= LARGE
        return COARSE_GRID if coarse else USUAL_GRID

    def resolved_fit_points(self, n_ratings: int) -> int:
        """Return the number of person points while fitting this many ratings."""
        if self.fit_points is not None:
            return self.fit_points
        return MANY_POINTS if n_ratings < LARGE else FEW_POINTS
