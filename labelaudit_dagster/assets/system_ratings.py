"""`system_ratings`: what the audited system says of every comment."""

from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from labelaudit_dagster.assets.audit_charts import histogram
from labelaudit_dagster.assets.corpus_tables import GROUP
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.resources.artifact_io_manager import EXTRA
from labelaudit_dagster.settings import Settings

ASSET = "system_ratings"
GIVEN, SCORER, EMBEDDED = "given", "scorer", "embedded"
_SOURCES = {
    GIVEN: "the scores that came with the corpus",
    SCORER: "the system itself, over HTTP (LABELAUDIT_SCORER_URL)",
    EMBEDDED: "the embedded regressor, trained out of fold on the crowd's ratings",
}
_BINS = 40


@dg.asset(
    group_name=GROUP,
    kinds={"parquet"},
    code_version="1",
    description=(
        "The audited system's rating of every comment: as it came with the corpus, from the "
        "system over HTTP, or from an embedded text regressor that stands in for one."
    ),
    check_specs=[
        dg.AssetCheckSpec(
            "every_comment",
            asset=ASSET,
            description="The system has rated every comment; others are in no view.",
        )
    ],
)
def system_ratings(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    comments: pd.DataFrame,
    comment_ratings: pd.DataFrame,
    corpus_scale: dict[str, Any],
    given_system_ratings: pd.DataFrame,
) -> Any:
    """Take the system's ratings from where they are to be had."""
    scale = RatingScale.from_document(corpus_scale)
    with explained():
        if len(given_system_ratings):
            source, frame = GIVEN, given_system_ratings
        elif settings.scorer_url is not None:
            source, frame = SCORER, _scored(context, settings, comments, scale)
        else:
            source, frame = EMBEDDED, _regressed(settings, comments, comment_ratings, scale)
    context.log.info(f"{len(frame):,} ratings from {_SOURCES[source]}")
    missing = len(comments) - int(comments["item_id"].isin(frame["item_id"]).sum())
    # A generator, since Dagster takes the annotation of a function for the type of each check.
    yield dg.MaterializeResult(
        value=frame,
        metadata={
            EXTRA: dg.MetadataValue.json({"source": source}),
            **_metadata(frame, source, scale),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_comment",
                passed=missing == 0,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{missing:,} of {len(comments):,} comments have no rating of the "
                "system.",
            )
        ],
    )


def _regressed(
    settings: Settings, comments: pd.DataFrame, ratings: pd.DataFrame, scale: RatingScale
) -> pd.DataFrame:
    """Rate the comments with the embedded regressor."""
    from labelaudit_dagster.auditing.system_regressor import out_of_fold_system

    rows = np.searchsorted(comments["item_id"], ratings["item_id"])
    counts = np.bincount(rows, minlength=len(comments))
    sums = np.bincount(rows, weights=ratings["rating"], minlength=len(comments))
    means = np.divide(sums, counts, out=np.full(len(comments), np.nan), where=counts > 0)
    rating = out_of_fold_system(comments["text"].tolist(), means, counts, scale, seed=settings.seed)
    return pd.DataFrame({"item_id": comments["item_id"], "system_rating": rating})


def _scored(
    context: dg.AssetExecutionContext,
    settings: Settings,
    comments: pd.DataFrame,
    scale: RatingScale,
) -> pd.DataFrame:
    """Ask the system; what it has scored before is kept, by text."""
    from labelaudit_dagster.resources.system_scorer import score_comments, system_scorer

    scorer = system_scorer(settings, scale)
    assert scorer is not None  # noqa: S101 - the settings name one
    return score_comments(
        scorer,
        comments,
        scale,
        progress=lambda done, total: context.log.info(f"{done:,} of {total:,} texts scored"),
    )


def _metadata(frame: pd.DataFrame, source: str, scale: RatingScale) -> dict[str, Any]:
    rating = frame["system_rating"].to_numpy(dtype=np.float64)
    low, high = scale.values[0], scale.values[-1]
    counts, edges = np.histogram(rating, bins=_BINS, range=(low, high))
    return {
        "from": _SOURCES[source],
        "comments": len(frame),
        "share positive": float((rating > scale.threshold).mean()) if len(frame) else 0.0,
        "ratings": picture(
            histogram(
                edges.tolist(),
                counts.tolist(),
                x_title="rating of the system",
                title="What the system says",
                subtitle=f"From {_SOURCES[source]}.",
                threshold=scale.threshold,
            ),
            "Histogram of the ratings of the audited system",
        ),
    }
