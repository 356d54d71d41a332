"""Options of the fit; those that depend on the size of the corpus are chosen from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from labelaudit_dagster.auditing.comment_model.errors import CommentModelError

LARGE: Final = 100_000
"""From this number of ratings the fit uses the coarser grid and fewer person points."""

FINE_GRID, COARSE_GRID = 31, 21
MANY_POINTS, FEW_POINTS = 1024, 256


@dataclass(frozen=True)
class CommentModelOptions:
    """How finely and how long to fit; None means chosen by `resolved` from the size.

    Attributes:
        grid_points: points on the severity axis, from -4 to 4; 31, or 21 for a large corpus.
        fit_points: person points while fitting; 1,024, or 256 for a large corpus.
        person_points: person points of the finished model, with which people are folded in.
        max_sweeps: sweeps after which the fit ends with the status "iteration_limit".
        tolerance: the fit has converged when a sweep moves no severity and no population mean by
            more than this (severities have unit variance).
        use_text: whether the texts say where a comment's severity is expected.
        seed: of the scrambled Sobol sequences and of the folds of the text prior.
    """

    grid_points: int | None = None
    fit_points: int | None = None
    person_points: int = MANY_POINTS
    max_sweeps: int = 30
    tolerance: float = 0.01
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

    def resolved_grid_points(self, n_ratings: int) -> int:
        """Return the number of severity points for a corpus of this many ratings."""
        if self.grid_points is not None:
            return self.grid_points
        return FINE_GRID if n_ratings < LARGE else COARSE_GRID

    def resolved_fit_points(self, n_ratings: int) -> int:
        """Return the number of person points while fitting this many ratings."""
        if self.fit_points is not None:
            return self.fit_points
        return MANY_POINTS if n_ratings < LARGE else FEW_POINTS
