"""`response_matrix` and `factorization`: from ratings to intercepts and factors."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.options import ModelOptions
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.assets.snapshot import GROUP
from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
from labelaudit_dagster.factorization import (
    FactorizationParameters,
    ModelParameters,
    configure_compilation_cache,
    factorize,
)
from labelaudit_dagster.factorization.tables import (
    align_parameters,
    parameter_table,
    solver_report,
)
from labelaudit_dagster.settings import Settings


@dg.asset(
    group_name=GROUP,
    kinds={"parquet"},
    code_version="1",
    description=(
        "The ratings as sparse triples (rater index, guideline index, value), with the ids that "
        "the indices stand for."
    ),
)
def response_matrix(guideline_ratings: pd.DataFrame) -> dg.MaterializeResult[Bundle]:
    """Number raters and guidelines by their ids."""
    matrix = ResponseMatrix.from_ratings(guideline_ratings)
    raters, guidelines = len(matrix.rater_ids), len(matrix.guideline_ids)
    cells = raters * guidelines
    return dg.MaterializeResult(
        value=Bundle(matrix.members()),
        metadata={
            "raters": raters,
            "guidelines": guidelines,
            "ratings": matrix.n_ratings,
            "share of cells filled": matrix.n_ratings / cells if cells else 0.0,
            "median ratings per rater": float(np.median(matrix.rater_counts())),
            "fewest ratings of a guideline": int(matrix.guideline_counts()[0].min()),
        },
    )


@dg.asset(
    group_name=GROUP,
    kinds={"jax"},
    code_version="1",
    description=(
        "The bridging matrix factorization: global intercept, and intercept and factors of every "
        "rater and guideline, at the optimum of the objective."
    ),
    check_specs=[
        dg.AssetCheckSpec(
            "converged",
            asset="factorization",
            blocking=True,
            description="The solver reached the optimum (or its own stop rule) within its limits.",
        )
    ],
)
def factorization(
    context: dg.AssetExecutionContext,
    config: ModelOptions,
    settings: dg.ResourceParam[Settings],
    response_matrix: Bundle,
    published_parameters: Bundle,
) -> Iterator[dg.MaterializeResult[Bundle]]:
    """Solve, with the published parameters as one more start."""
    configure_compilation_cache(settings.cache_folder / "jax")
    matrix = ResponseMatrix.from_members(response_matrix)
    with explained():
        options = config.resolve(settings)
        solution = factorize(
            matrix.rating_triples(),
            options,
            warm_start=_warm_start(published_parameters, matrix, options),
            progress=lambda step, share: context.log.debug(f"{step}: {share:.0%}"),
        )
    context.log.info(solution.message)
    model = solution.parameters
    guidelines = parameter_table(
        "guideline_id", list(matrix.guideline_ids), model.item_intercept, model.item_factor
    )
    # Gradient descent stops far from the optimum by design, so that its residual says nothing of
    # single guidelines; what it decides is taken at its word, as the notebook does.
    exact = options.method == "exact"
    guidelines["numerical_error"] = solution.numerical_error if exact else 0.0
    trajectory = pd.DataFrame({"loss": solution.trajectory.loss})
    if len(solution.trajectory.kkt):
        trajectory["kkt"] = solution.trajectory.kkt
    report = solver_report(solution)
    # A generator, since Dagster takes the annotation of a function for the type of each check.
    yield dg.MaterializeResult(
        value=Bundle(
            raters=parameter_table(
                "participant_id", list(matrix.rater_ids), model.rater_intercept, model.rater_factor
            ),
            guidelines=guidelines,
            trajectory=trajectory,
            model={
                "mu": model.mu,
                "solver": report,
                "parameters": _model_options(options),
                "warm_start_used": solution.warm_start_used,
            },
        ),
        metadata=_metadata(solution.trajectory, report, model, options),
        check_results=[
            dg.AssetCheckResult(
                check_name="converged",
                # The notebook takes what it has at its cap; publishing is refused all the same.
                passed=solution.converged or not exact,
                description=solution.message,
                metadata={"optimality residual (rating units)": solution.kkt},
            )
        ],
    )


def _warm_start(
    published: Bundle, matrix: ResponseMatrix, options: FactorizationParameters
) -> ModelParameters | None:
    """Return the published parameters in today's order, where there are any that fit."""
    if published["mu"]["mu"] is None:
        return None
    return align_parameters(
        published["mu"]["mu"],
        published["users"],
        published["guidelines"],
        list(matrix.rater_ids),
        list(matrix.guideline_ids),
        ndim=options.ndim,
        # Gradient descent draws new parameters at random; the exact method starts them at zero.
        missing=float("nan") if options.method == "gradient_descent" else 0.0,
    )


def _model_options(options: FactorizationParameters) -> dict[str, Any]:
    """The options that decide the result, by their setting names."""
    return {
        name: getattr(options, name)
        for name in (
            "method",
            "lambda_intercept",
            "lambda_factor",
            "ndim",
            "learning_rate",
            "iteration_cap",
            "tolerance",
            "seed",
        )
    }


def _metadata(
    trajectory: Any,
    report: dict[str, Any],
    model: ModelParameters,
    options: FactorizationParameters,
) -> dict[str, Any]:
    """What a person reads and sees in the Dagster UI."""
    from labelaudit_dagster.constitution.charts import (
        candidates_chart,
        convergence_chart,
        rater_factor_histogram,
    )

    exact = options.method == "exact"
    return {
        "status": report["status"],
        "loss": report["loss"],
        "optimality residual (rating units)": report["kkt"],
        "sweeps": report["sweeps"],
        "solver time (s)": report["seconds"],
        "global intercept": model.mu,
        "starts compared": len(report["candidates"]),
        "convergence": picture(
            convergence_chart(
                trajectory.loss,
                trajectory.kkt,
                tolerance=options.tolerance if exact else None,
                step_name="sweep" if exact else "iteration",
            ),
            "Loss and optimality residual by sweep",
        ),
        "starts": picture(
            candidates_chart(report["candidates"]), "Loss that each start reached above the best"
        ),
        "raters": picture(
            rater_factor_histogram(model.rater_factor), "Histogram of the raters' factors"
        ),
    }
