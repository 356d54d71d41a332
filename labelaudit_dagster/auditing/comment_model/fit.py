"""Fit the severities of comments and the population of raters, by messages and EM."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.comment_model.errors import CommentModelError
from labelaudit_dagster.auditing.comment_model.layout import RatingLayout, arrange
from labelaudit_dagster.auditing.comment_model.messages import normalised, sweep
from labelaudit_dagster.auditing.comment_model.model import CommentModel, FitStatus
from labelaudit_dagster.auditing.comment_model.options import CommentModelOptions
from labelaudit_dagster.auditing.comment_model.population import (
    Population,
    point_weights,
    standard_normal_points,
    starting_population,
    updated_population,
)
from labelaudit_dagster.auditing.comment_model.response import ResponseTable, severity_grid
from labelaudit_dagster.auditing.comment_model.severity_prior import SeverityPrior
from labelaudit_dagster.auditing.one_blas_thread import one_blas_thread
from labelaudit_dagster.auditing.rating_scale import RatingScale

Float64Array = NDArray[np.float64]
Progress = Callable[[str, float], None]

TEXT_AFTER: Final = 5
"""Sweeps after which the severities are good enough to learn from the texts."""

_DEFAULTS = CommentModelOptions()


def fit_comment_model(
    item_ids: ArrayLike,
    texts: Sequence[str] | None,
    rater_index: ArrayLike,
    item_index: ArrayLike,
    levels: ArrayLike,
    *,
    scale: RatingScale,
    options: CommentModelOptions = _DEFAULTS,
    progress: Progress | None = None,
) -> CommentModel:
    """Fit the item side and the population to everybody's ratings.

    The result depends on the set of ratings alone: the same to the bit for any order of them, as
    long as raters are numbered in the order of their ids.

    Args:
        item_ids: of all comments, rated or not, int64, ascending and unique, shape (n,).
        texts: of the comments in the same order; None fits without a text prior.
        rater_index: position of the rater among all raters ordered by id, shape (R,).
        item_index: row of the comment in `item_ids`, shape (R,).
        levels: level of each rating, 0 to K - 1 (`RatingScale.levels_of`), shape (R,).
        scale: of the ratings.
        options: how finely and how long.
        progress: called with the name of the step and the share done, 0 to 1.

    Raises:
        CommentModelError: if the ratings cannot be used; the message says which and why.
    """
    started = time.perf_counter()
    ids = np.asarray(item_ids, dtype=np.int64)
    if ids.ndim != 1 or np.any(np.diff(ids) <= 0):
        raise CommentModelError("item_ids must ascend and be unique; order the comments by id.")
    if texts is not None and len(texts) != len(ids):
        raise CommentModelError(f"There are {len(ids)} comments and {len(texts)} texts.")
    layout = arrange(rater_index, item_index, levels, n_items=len(ids), n_levels=scale.n_levels)
    state = _State(layout, scale.n_levels, options)
    points = standard_normal_points(options.person_points, scale.n_levels, options.seed)
    # Threads gain little on an idle machine, and on a busy one wait for each other.
    with one_blas_thread():
        status = state.run(texts if options.use_text else None, progress or (lambda _s, _x: None))
        average_weight = state.finish(points)
    return CommentModel(
        item_ids=ids,
        severity=normalised(state.log_belief).astype(np.float32),
        n_ratings=layout.ratings_per_item,
        grid=state.grid,
        population=state.population,
        standard_points=points,
        point_weight=point_weights(average_weight, layout.n_raters),
        scale=scale,
        status=status,
        message=_message(status, state.changes, options),
        diagnostics={
            "sweeps": len(state.changes),
            "changes": state.changes,
            "evidence": state.evidence,
            "evidence_per_rating": state.evidence[-1] / layout.n_ratings,
            "text_explained_variance": state.prior.explained,
            "n_ratings": layout.n_ratings,
            "n_raters": layout.n_raters,
            "n_items": len(ids),
            "n_items_unrated": int((layout.ratings_per_item == 0).sum()),
            "level_counts": layout.level_counts.tolist(),
            "grid_points": len(state.grid),
            "fit_points": len(state.standard),
            "options": dataclasses.asdict(options),
            "seconds": time.perf_counter() - started,
        },
    )


class _State:
    """What a fit knows at some sweep."""

    def __init__(self, layout: RatingLayout, n_levels: int, options: CommentModelOptions) -> None:
        self.layout = layout
        self.options = options
        self.grid = severity_grid(options.resolved_grid_points(layout.ratings_per_item))
        self.standard = standard_normal_points(
            options.resolved_fit_points(layout.n_ratings), n_levels, options.seed
        )
        self.start = self.population = starting_population(layout.level_counts)
        self.prior = SeverityPrior.without_text()
        n_items = len(layout.ratings_per_item)
        self.log_belief = np.repeat(self.prior.on(self.grid), n_items, axis=0)
        self.to_items = np.zeros((layout.n_ratings, len(self.grid)), dtype=np.float32)
        self.mean = np.zeros(n_items)
        self.variance = np.ones(n_items)
        self.changes: list[dict[str, float]] = []
        self.evidence: list[float] = []

    def run(self, texts: Sequence[str] | None, report: Progress) -> FitStatus:
        """Sweep until nothing moves any more, or the limit."""
        text_sweep = min(TEXT_AFTER, self.options.max_sweeps - 1)
        for count in range(self.options.max_sweeps):
            if texts is not None and count == text_sweep:
                report("text prior", count / self.options.max_sweeps)
                self._learn_from(texts)
            report("sweeps", count / self.options.max_sweeps)
            change = self._sweep()
            if not np.isfinite([*change.values(), self.evidence[-1]]).all():
                return FitStatus.NOT_FINITE
            settled = count > (0 if texts is None else text_sweep)
            if settled and _moved(change) <= self.options.tolerance:
                report("sweeps", 1.0)
                return FitStatus.CONVERGED
        report("sweeps", 1.0)
        return FitStatus.ITERATION_LIMIT

    def finish(self, points: Float64Array) -> Float64Array:
        """Sweep once more with the person points of the model; return their average weight."""
        table = ResponseTable.of(self.population.at(points), self.grid)
        swept = sweep(
            self.layout,
            self.prior.on(self.grid),
            self.log_belief,
            self.to_items,
            table.probability,
        )
        self.log_belief = swept.log_belief
        self.evidence.append(swept.evidence)
        return swept.average_weight

    def _learn_from(self, texts: Sequence[str]) -> None:
        before = self.prior.on(self.grid)
        self.prior = SeverityPrior.from_text(texts, self.mean, self.variance, self.options.seed)
        self.log_belief = self.log_belief - before + self.prior.on(self.grid)

    def _sweep(self) -> dict[str, float]:
        """Send all messages once, move population and prior; return how far things moved."""
        table = ResponseTable.of(self.population.at(self.standard), self.grid)
        swept = sweep(
            self.layout,
            self.prior.on(self.grid),
            self.log_belief,
            self.to_items,
            table.probability,
        )
        self.to_items, self.log_belief = swept.to_items, swept.log_belief
        belief = normalised(self.log_belief)
        mean = belief @ self.grid
        moved = updated_population(
            self.population, self.start, self.standard, swept.average_weight, self.layout.n_raters
        )
        change = {
            "severity": float(np.sqrt(((mean - self.mean) ** 2).mean())),
            "largest_severity": float(np.abs(mean - self.mean).max()),
            "population": float(np.abs(moved.mean - self.population.mean).max()),
        }
        self.mean = mean
        self.variance = np.maximum(belief @ self.grid**2 - mean**2, 0.0)
        self.prior, factor = self.prior.updated(mean, self.variance)
        centre = moved.mean.copy()
        centre[-1] += np.log(factor)
        self.population = Population(centre, moved.covariance)
        self.changes.append(change)
        self.evidence.append(swept.evidence)
        return change


def _moved(change: dict[str, float]) -> float:
    """Return what convergence is judged by."""
    return max(change["severity"], change["population"])


def _message(
    status: FitStatus, changes: list[dict[str, float]], options: CommentModelOptions
) -> str:
    last = _moved(changes[-1])
    if status is FitStatus.CONVERGED:
        return (
            f"Converged after {len(changes)} sweeps: the last one moved severities and the "
            f"population by {last:.2g} (tolerance {options.tolerance:g})."
        )
    if status is FitStatus.ITERATION_LIMIT:
        return (
            f"Stopped at max_sweeps = {options.max_sweeps}: the last sweep still moved severities "
            f"or the population by {last:.2g} (tolerance {options.tolerance:g})."
        )
    return f"Sweep {len(changes)} gave a number that is not finite; the model cannot be used."
