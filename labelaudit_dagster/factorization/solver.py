"""The one entry point: factorize ratings by the chosen method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labelaudit_dagster.factorization.errors import FactorizationError
from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import Factorization, ModelParameters

_DEFAULTS = FactorizationParameters()


def factorize(
    ratings: RatingTriples,
    parameters: FactorizationParameters = _DEFAULTS,
    *,
    warm_start: ModelParameters | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Factorization:
    """Fit the model to ratings.

    The result depends on the ratings and the parameters alone: the same for any order of the
    ratings, to the bit on one machine.

    Args:
        ratings: at least one with a positive weight.
        parameters: model and solver options.
        warm_start: parameters of an earlier solution in the order of these raters and items. The
            exact method tries them last and takes them only when clearly better than all its own
            starts. Gradient descent starts from them; entries that are NaN (new raters and items)
            start at random.
        progress: called with the name of the step and the share done, 0 to 1.

    Raises:
        FactorizationError: when no rating has a positive weight, or the warm start does not fit.
    """
    if not len(ratings) or not np.any(ratings.weights() > 0):
        raise FactorizationError("there is no rating with a positive weight; add ratings first.")
    if warm_start is not None:
        _check_fit(ratings, parameters, warm_start)
    report = progress or (lambda _step, _share: None)
    if parameters.method == "gradient_descent":
        from labelaudit_dagster.factorization.gradient_descent import factorize_by_descent

        return factorize_by_descent(ratings, parameters, warm_start, report)
    from labelaudit_dagster.factorization.exact import factorize_exactly

    if warm_start is not None and not _all_finite(warm_start):
        raise FactorizationError(
            "warm_start holds a number that is not finite; use 0 for new raters and items."
        )
    return factorize_exactly(ratings, parameters, warm_start, report)


def _all_finite(model: ModelParameters) -> bool:
    arrays = (
        np.array([model.mu]),
        model.rater_intercept,
        model.item_intercept,
        model.rater_factor,
        model.item_factor,
    )
    return all(bool(np.all(np.isfinite(array))) for array in arrays)


def _check_fit(
    ratings: RatingTriples, parameters: FactorizationParameters, model: ModelParameters
) -> None:
    k = parameters.ndim
    for name, array, shape in (
        ("rater_intercept", model.rater_intercept, (ratings.n_rows,)),
        ("item_intercept", model.item_intercept, (ratings.n_cols,)),
        ("rater_factor", model.rater_factor, (ratings.n_rows, k)),
        ("item_factor", model.item_factor, (ratings.n_cols, k)),
    ):
        if np.shape(array) != shape:
            raise FactorizationError(
                f"warm_start.{name} has shape {np.shape(array)}; these ratings and ndim = {k} "
                f"need {shape}."
            )
