"""`comment_model`: how severe each comment is and how people differ, fitted once per corpus."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
from pydantic import Field

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.assets.audit_charts import histogram
from labelaudit_dagster.assets.corpus_tables import GROUP
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.settings import Settings

ASSET = "comment_model"
_BINS = 40


class CommentModelRunOptions(dg.Config):
    """Options of the fit; what is not given is chosen from the size of the corpus."""

    use_text: bool = Field(
        default=True, description="Let the texts say where a comment's severity is expected."
    )
    max_sweeps: int | None = Field(
        default=None, description="Sweeps after which the fit ends unconverged. Default: its own."
    )


@dg.asset(
    group_name=GROUP,
    kinds={"parquet"},
    code_version="1",
    description=(
        "Severity of every comment, and how people differ in rating it: fitted to everybody's "
        "ratings and the texts. A person is folded into it in milliseconds."
    ),
    check_specs=[
        dg.AssetCheckSpec(
            "usable",
            asset=ASSET,
            blocking=True,
            description="The fit gave finite numbers.",
        ),
        dg.AssetCheckSpec(
            "converged",
            asset=ASSET,
            description="The last sweep moved nothing by more than the tolerance.",
        ),
    ],
)
def comment_model(
    context: dg.AssetExecutionContext,
    config: CommentModelRunOptions,
    settings: dg.ResourceParam[Settings],
    comments: pd.DataFrame,
    raters: pd.DataFrame,
    comment_ratings: pd.DataFrame,
    corpus_scale: dict[str, Any],
) -> Iterator[dg.MaterializeResult[Bundle]]:
    """Fit severities and population."""
    from labelaudit_dagster.auditing.comment_model import (
        CommentModelOptions,
        FitStatus,
        fit_comment_model,
    )

    scale = RatingScale.from_document(corpus_scale)
    rater_ids = pd.Index(raters["rater_id"]).sort_values()
    given = {} if config.max_sweeps is None else {"max_sweeps": config.max_sweeps}
    with explained():
        model = fit_comment_model(
            comments["item_id"].to_numpy(),
            comments["text"].tolist(),
            rater_ids.get_indexer(comment_ratings["rater_id"]),
            np.searchsorted(comments["item_id"], comment_ratings["item_id"]),
            scale.levels_of(comment_ratings["rating"]),
            scale=scale,
            options=CommentModelOptions(use_text=config.use_text, seed=settings.seed, **given),
            progress=lambda step, share: context.log.debug(f"{step}: {share:.0%}"),
        )
    context.log.info(model.message)
    # A generator, since Dagster takes the annotation of a function for the type of each check.
    yield dg.MaterializeResult(
        value=Bundle(model.to_members()),
        metadata=_metadata(model),
        check_results=[
            dg.AssetCheckResult(
                check_name="usable",
                passed=model.status is not FitStatus.NOT_FINITE,
                description=model.message,
            ),
            dg.AssetCheckResult(
                check_name="converged",
                passed=model.status is FitStatus.CONVERGED,
                severity=dg.AssetCheckSeverity.WARN,
                description=model.message,
            ),
        ],
    )


def _metadata(model: Any) -> dict[str, Any]:
    """What a person reads and sees in the Dagster UI."""
    found = model.diagnostics
    frequencies = np.asarray(found["level_counts"], dtype=np.float64)
    frequencies = frequencies[frequencies > 0] / frequencies.sum()
    # What somebody knows who knows nothing but how often each level is given.
    unknowing = float((frequencies * np.log(frequencies)).sum())
    low, high = float(model.grid[0]), float(model.grid[-1])
    counts, edges = np.histogram(model.severity_mean, bins=_BINS, range=(low, high))
    return {
        "status": str(model.status),
        "sweeps": found["sweeps"],
        "comments": found["n_items"],
        "comments without a rating": found["n_items_unrated"],
        "raters": found["n_raters"],
        "ratings": found["n_ratings"],
        "gain over level frequencies (nats per rating)": float(
            found["evidence_per_rating"] - unknowing
        ),
        "median uncertainty of a severity (sd)": float(np.median(model.severity_sd)),
        "grid and person points": f"{found['grid_points']} x {found['fit_points']}",
        "fit time (s)": found["seconds"],
        "severities": picture(
            histogram(
                edges.tolist(),
                counts.tolist(),
                x_title="severity, posterior mean",
                title="Severity of the comments",
                subtitle="In standard deviations of the prior; 0 is an ordinary comment.",
            ),
            "Histogram of the severities of all comments",
        ),
    }
