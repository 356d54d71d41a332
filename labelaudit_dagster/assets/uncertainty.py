"""`uncertainty`: how sure the sample of raters makes us, off the critical path."""

from functools import partial
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.options import UncertaintyOptions
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.assets.snapshot import GROUP
from labelaudit_dagster.constitution import accepted_mask
from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
from labelaudit_dagster.factorization import (
    FactorizationParameters,
    ModelParameters,
    RatingTriples,
    bootstrap,
    configure_compilation_cache,
    leave_one_out,
)
from labelaudit_dagster.factorization.tables import factor_columns
from labelaudit_dagster.settings import Settings

INTERVAL_LEVEL = 0.9


@dg.asset(
    group_name=GROUP,
    kinds={"jax"},
    code_version="1",
    # Last in the run: the constitution does not wait for it.
    op_tags={"dagster/priority": "-1"},
    description=(
        "Standard error, 90 % interval and P(accepted) of every guideline from resampling the "
        "raters, and which raters alone would change which decision."
    ),
)
def uncertainty(
    context: dg.AssetExecutionContext,
    config: UncertaintyOptions,
    settings: dg.ResourceParam[Settings],
    response_matrix: Bundle,
    factorization: Bundle,
) -> dg.MaterializeResult[Bundle]:
    """Bootstrap the raters, then leave out each of them in turn."""
    configure_compilation_cache(settings.cache_folder / "jax")
    matrix = ResponseMatrix.from_members(response_matrix)
    triples = matrix.rating_triples()
    with explained():
        rule = config.resolve(settings)
        decide = partial(accepted_mask, rule=rule)
        options = FactorizationParameters(**factorization["model"]["parameters"])
        model = _model_of(factorization)
        replicates = config.bootstrap_replicates or settings.bootstrap_replicates
        drawn = bootstrap(triples, model, options, n_replicates=replicates, seed=options.seed)
        context.log.info(f"{replicates:,} bootstrap replicates")
        low, high = drawn.interval(INTERVAL_LEVEL)
        table = pd.DataFrame(
            {
                "guideline_id": matrix.guideline_ids.to_numpy(),
                "standard_error": drawn.standard_error(),
                "interval_low": low,
                "interval_high": high,
                "p_accepted": drawn.probability(decide),
            }
        )
        flips = _flips(triples, model, options, decide, settings.leave_one_out_limit)
    table["n_flipping_raters"] = pd.Series(
        flips[1] if flips else [None] * len(table), dtype="Int64"
    )
    flip_table = flips[0] if flips else _no_flips()
    named = pd.DataFrame(
        {
            "participant_id": matrix.rater_ids.to_numpy()[flip_table["rater"]],
            "guideline_id": matrix.guideline_ids.to_numpy()[flip_table["item"]],
            "accepted_without": flip_table["accepted_without"],
            "intercept_without": flip_table["intercept_without"],
        }
    )
    settled = (table["p_accepted"] > 0.95) | (table["p_accepted"] < 0.05)
    return dg.MaterializeResult(
        value=Bundle(
            guidelines=table,
            flips=named,
            options={
                "rule": rule.to_dict(),
                "bootstrap_replicates": replicates,
                "seed": options.seed,
                "interval_level": INTERVAL_LEVEL,
                "raters_left_out": len(matrix.rater_ids) if flips else 0,
            },
        ),
        metadata={
            "bootstrap replicates": replicates,
            "replicates that converged": int(drawn.converged.sum()),
            "guidelines surely in or out (P above 95 % or below 5 %)": int(settled.sum()),
            "median standard error of an intercept": float(table["standard_error"].median()),
            "guidelines that one rater alone would flip": int(named["guideline_id"].nunique()),
            "raters left out in turn": len(matrix.rater_ids)
            if flips
            else f"none: more than LABELAUDIT_LEAVE_ONE_OUT_LIMIT ({settings.leave_one_out_limit})",
            "P(accepted)": picture(_chart(table), "Histogram of the probability of being accepted"),
        },
    )


def _model_of(factorization: Bundle) -> ModelParameters:
    """Return the solution that the asset `factorization` holds."""
    raters, guidelines = factorization["raters"], factorization["guidelines"]
    return ModelParameters(
        mu=factorization["model"]["mu"],
        rater_intercept=raters["intercept"].to_numpy(),
        item_intercept=guidelines["intercept"].to_numpy(),
        rater_factor=factor_columns(raters),
        item_factor=factor_columns(guidelines),
    )


def _flips(
    triples: RatingTriples,
    model: ModelParameters,
    options: FactorizationParameters,
    decide: Any,
    limit: int,
) -> tuple[dict[str, np.ndarray], np.ndarray] | None:
    """Return flips as arrays and their number per guideline; None above the limit of raters."""
    if triples.n_rows > limit:
        return None
    flips = leave_one_out(triples, model, options, decide)
    arrays = {
        name: getattr(flips, name)
        for name in ("rater", "item", "accepted_without", "intercept_without")
    }
    return arrays, flips.raters_per_item(triples.n_cols)


def _no_flips() -> dict[str, np.ndarray]:
    return {
        "rater": np.zeros(0, dtype=np.int32),
        "item": np.zeros(0, dtype=np.int32),
        "accepted_without": np.zeros(0, dtype=bool),
        "intercept_without": np.zeros(0),
    }


def _chart(table: pd.DataFrame) -> Any:
    from labelaudit_dagster.constitution.charts import acceptance_probability_histogram

    return acceptance_probability_histogram(table["p_accepted"].to_numpy())
