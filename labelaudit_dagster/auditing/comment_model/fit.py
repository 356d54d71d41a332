"""Fit the severities of comments and the population of raters, by messages and EM."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from labelaudit_dagster.auditing.comment_model.errors import CommentModelError
from labelaudit_dagster.auditing.comment_model.layout import arrange
from labelaudit_dagster.auditing.comment_model.messages import normalised, sweep
from labelaudit_dagster.auditing.comment_model.model import CommentModel, FitStatus
from labelaudit_dagster.auditing.comment_model.options import CommentModelOptions
from labelaudit_dagster.auditing.comment_model.population import (
    standard_normal_points,
    starting_population,
    updated_population,
)
from labelaudit_dagster.auditing.comment_model.response import ResponseTable, severity_grid
from labelaudit_dagster.auditing.comment_model.severity_prior import SeverityPrior
from labelaudit_dagster.auditing.rating_scale import RatingScale

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
    progress: Callable[[str, float], None] | None = None,
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
    report = progress or (lambda _step, _share: None)
    ids = np.asarray(item_ids, dtype=np.int64)
    if ids.ndim != 1 or np.any(np.diff(ids) <= 0):
        raise CommentModelError("item_ids must ascend and be unique; order the comments by id.")
    if texts is not None and len(texts) != len(ids):
        raise CommentModelError(f"There are {len(ids)} comments and {len(texts)} texts.")
    n_levels = scale.n_levels
    layout = arrange(rater_index, item_index, levels, n_items=len(ids), n_levels=n_levels)
    grid = severity_grid(options.resolved_grid_points(layout.n_ratings))
    fit_points = options.resolved_fit_points(layout.n_ratings)
    standard = standard_normal_points(fit_points, n_levels, options.seed)

    start = population = starting_population(layout.level_counts)
    prior = SeverityPrior.without_text()
    log_prior = prior.on(grid)
    log_belief = np.repeat(log_prior, len(ids), axis=0)
    severity_mean = np.zeros(len(ids))
    to_items = np.zeros((layout.n_ratings, len(grid)), dtype=np.float32)
    changes: list[dict[str, float]] = []
    evidence: list[float] = []
    status = FitStatus.ITERATION_LIMIT
    for count in range(options.max_sweeps):
        report("sweeps", count / options.max_sweeps)
        table = ResponseTable.of(population.at(standard), grid)
        swept = sweep(layout, log_prior, log_belief, to_items, table.probability)
        log_belief, to_items = swept.log_belief, swept.to_items
        mean = normalised(log_belief) @ grid
        moved = updated_population(
            population, start, standard, swept.average_weight, layout.n_raters
        )
        change = {
            "severity": float(np.abs(mean - severity_mean).max()),
            "population": float(np.abs(moved.mean - population.mean).max()),
        }
        severity_mean, population = mean, moved
        changes.append(change)
        evidence.append(swept.evidence)
        if not np.isfinite([*change.values(), swept.evidence]).all():
            status = FitStatus.NOT_FINITE
            break
        if count and max(change.values()) <= options.tolerance:
            status = FitStatus.CONVERGED
            break
    report("sweeps", 1.0)
    return CommentModel(
        item_ids=ids,
        severity=normalised(log_belief).astype(np.float32),
        n_ratings=layout.ratings_per_item,
        grid=grid,
        population=population,
        standard_points=standard_normal_points(options.person_points, n_levels, options.seed),
        scale=scale,
        status=status,
        message=_message(status, changes, options),
        diagnostics={
            "sweeps": len(changes),
            "changes": changes,
            "evidence": evidence,
            "evidence_per_rating": evidence[-1] / layout.n_ratings,
            "n_ratings": layout.n_ratings,
            "n_raters": layout.n_raters,
            "n_items": len(ids),
            "n_items_unrated": int((layout.ratings_per_item == 0).sum()),
            "level_counts": layout.level_counts.tolist(),
            "grid_points": len(grid),
            "fit_points": fit_points,
            "options": dataclasses.asdict(options),
            "seconds": time.perf_counter() - started,
        },
    )


def _message(
    status: FitStatus, changes: list[dict[str, float]], options: CommentModelOptions
) -> str:
    last = max(changes[-1].values())
    if status is FitStatus.CONVERGED:
        return f"Converged after {len(changes)} sweeps: the last one moved nothing by more than {last:.2g}."
    if status is FitStatus.ITERATION_LIMIT:
        return (
            f"Stopped at max_sweeps = {options.max_sweeps}: the last sweep still moved something by "
            f"{last:.2g} (tolerance {options.tolerance:g})."
        )
    return f"Sweep {len(changes)} gave a number that is not finite; the model cannot be used."
