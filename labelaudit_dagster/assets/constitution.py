"""`constitution`: every guideline decided, with scores, reasons and what changed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pandas as pd

from labelaudit_dagster.artifacts import ArtifactStore, Bundle
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.options import RuleOptions
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.assets.snapshot import GROUP
from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ItemEstimates,
    constitution_document,
    decide_constitution,
    diff_constitutions,
    difference_sentences,
    score_markdown,
    support_by_side,
)
from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
from labelaudit_dagster.factorization.tables import factor_columns
from labelaudit_dagster.settings import Settings

ASSET = "constitution"
LONGEST_TABLE = 200
"""Rows of the score table in the Dagster UI; the document has them all."""


@dg.asset(
    group_name=GROUP,
    kinds={"json"},
    code_version="1",
    description=(
        "Every guideline with its status, scores and reasons; the accepted ones are the "
        "constitution. Beside it what changed since the constitution before."
    ),
    check_specs=[
        dg.AssetCheckSpec(
            "not_empty",
            asset=ASSET,
            description="At least one guideline is accepted (an empty one is never published).",
        ),
        dg.AssetCheckSpec(
            "nothing_undecided",
            asset=ASSET,
            description="No guideline lies nearer to the threshold than the numerical error.",
        ),
    ],
)
def constitution(
    context: dg.AssetExecutionContext,
    config: RuleOptions,
    settings: dg.ResourceParam[Settings],
    artifact_store: dg.ResourceParam[ArtifactStore],
    guidelines: pd.DataFrame,
    response_matrix: Bundle,
    factorization: Bundle,
) -> Iterator[dg.MaterializeResult[Bundle]]:
    """Apply the acceptance rule and compare with the constitution before."""
    before = artifact_store.current(ASSET)
    with explained():
        rule = config.resolve(settings)
        document = make_document(
            guidelines,
            ResponseMatrix.from_members(response_matrix),
            factorization,
            rule,
            # The run's id names the version until the store gives it one.
            version=context.run.run_id,
            created_at=datetime.now(UTC),
        )
    previous = None
    if before is not None:
        previous = {**artifact_store.load_json(before, "document"), "version": before.version}
    changes = diff_constitutions(previous, document)
    accepted = len(document["accepted"])
    context.log.info(f"{accepted:,} of {document['n_guidelines']:,} guidelines accepted")
    # A generator, since Dagster takes the annotation of a function for the type of each check.
    yield dg.MaterializeResult(
        value=Bundle(document=document, changes=changes),
        metadata=_metadata(document, difference_sentences(changes), previous is None),
        check_results=[
            dg.AssetCheckResult(
                check_name="not_empty",
                passed=accepted > 0,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{accepted:,} guidelines are accepted.",
            ),
            dg.AssetCheckResult(
                check_name="nothing_undecided",
                passed=document["counts"]["undecided"] == 0,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{document['counts']['undecided']:,} guidelines are undecided.",
            ),
        ],
    )


def make_document(
    guidelines: pd.DataFrame,
    matrix: ResponseMatrix,
    factorization: Bundle,
    rule: AcceptanceRule,
    *,
    version: str,
    created_at: datetime,
) -> dict[str, Any]:
    """Return the constitution's document from the tables it is made of."""
    items, raters, model = (factorization[name] for name in ("guidelines", "raters", "model"))
    n_ratings, n_helpful = matrix.guideline_counts()
    ids = list(items["guideline_id"])
    decisions = decide_constitution(
        guidelines,
        ItemEstimates.from_arrays(
            ids,
            n_ratings=n_ratings,
            n_helpful=n_helpful,
            intercepts=items["intercept"].to_numpy(),
            factors=factor_columns(items),
            numerical_error=items["numerical_error"].to_numpy(),
        ),
        rule,
        sides=support_by_side(
            matrix.triples["guideline_index"].to_numpy(),
            matrix.triples["rater_index"].to_numpy(),
            matrix.triples["value"].to_numpy(),
            factor_columns(raters),
            ids,
        ),
    )
    return constitution_document(
        decisions,
        rule=rule,
        solver=model["solver"],
        parameters=model["parameters"],
        n_raters=len(matrix.rater_ids),
        version=version,
        created_at=created_at,
        provenance={"warm_start_used": model["warm_start_used"]},
        mu=model["mu"],
    )


def _metadata(document: dict[str, Any], changes: list[str], first: bool) -> dict[str, Any]:
    """What a person reads and sees in the Dagster UI."""
    from labelaudit_dagster.constitution.charts import (
        accepted_chart,
        intercept_factor_chart,
        passing_chart,
        threshold_chart,
    )

    counts = document["counts"]
    changed = (
        "This is the first constitution."
        if first
        else "\n".join(f"- {sentence}" for sentence in changes)
    )
    return {
        "accepted": counts["accepted"],
        "rejected": counts["rejected"],
        "too few ratings": counts["too_few_ratings"],
        "undecided": counts["undecided"],
        "guidelines by score": dg.MetadataValue.md(score_markdown(document, LONGEST_TABLE)),
        "what changed": dg.MetadataValue.md(changed or "Nothing changed."),
        "bridging": picture(
            intercept_factor_chart(document),
            "Guidelines by intercept against factor with the threshold",
        ),
        "tests": picture(passing_chart(document), "How many guidelines pass each test"),
        "scores": picture(accepted_chart(document), "Accepted guidelines by consensus score"),
        "close to the threshold": picture(
            threshold_chart(document), "Guidelines nearest to the threshold"
        ),
    }
