"""`constitution`: every guideline decided, with scores, reasons and what changed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pandas as pd

from labelaudit_dagster.artifacts import ArtifactStore, Bundle
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.history_pictures import history_pictures
from labelaudit_dagster.assets.options import ConstitutionOptions
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.assets.snapshot import GROUP
from labelaudit_dagster.constitution import (
    NO_INERTIA,
    RATINGS_FIELD,
    AcceptanceRule,
    Inertia,
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
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.publishing import InForce, in_force
from labelaudit_dagster.resources.constitution_target import constitution_target
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.status_history import log_statuses

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
    config: ConstitutionOptions,
    settings: dg.ResourceParam[Settings],
    artifact_store: dg.ResourceParam[ArtifactStore],
    guidelines: pd.DataFrame,
    response_matrix: Bundle,
    factorization: Bundle,
) -> Iterator[dg.MaterializeResult[Bundle]]:
    """Apply the acceptance rule and compare with the constitution before."""
    from labelaudit_dagster.store import Database

    before = artifact_store.current(ASSET)
    with explained():
        rule, inertia = config.resolve(settings), config.resolve_inertia(settings)
        document = make_document(
            guidelines,
            ResponseMatrix.from_members(response_matrix),
            factorization,
            rule,
            # The run's id names the version until the store gives it one.
            version=context.run.run_id,
            created_at=datetime.now(UTC),
            inertia=inertia,
            published=_in_force(settings) if inertia else InForce(),
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
        metadata={
            **_metadata(document, difference_sentences(changes), previous is None),
            **history_pictures(artifact_store, settings, document, changes),
        },
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
    # The IO manager has stored the constitution by now. A log that cannot be written (a full
    # disk) must not make a run fail whose constitution is current; the next run fills the gap.
    try:
        with Database.open(settings.resolved_database_url) as database:
            log_statuses(artifact_store, database, now=datetime.now(UTC))
    except ExpectedFailure as failure:
        context.log.warning(f"The status log was not written; the next run does it. {failure}")


def make_document(
    guidelines: pd.DataFrame,
    matrix: ResponseMatrix,
    factorization: Bundle,
    rule: AcceptanceRule,
    *,
    version: str,
    created_at: datetime,
    inertia: Inertia = NO_INERTIA,
    published: InForce | None = None,
) -> dict[str, Any]:
    """Return the constitution's document from the tables it is made of.

    With inertia, from what is published as well, which its provenance then names.
    """
    before = published or InForce()
    kept_from = {"publication": before.publication, "version": before.version}
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
        inertia=inertia,
        published=before.accepted,
    )
    return constitution_document(
        decisions,
        rule=rule,
        solver=model["solver"],
        parameters=model["parameters"],
        n_raters=len(matrix.rater_ids),
        version=version,
        created_at=created_at,
        provenance={
            "warm_start_used": model["warm_start_used"],
            RATINGS_FIELD: matrix.fingerprint(),
            **({"inertia_from": kept_from} if inertia else {}),
        },
        mu=model["mu"],
        inertia=inertia,
    )


def _in_force(settings: Settings) -> InForce:
    """Return what is published to the target that the settings name."""
    from labelaudit_dagster.store import Database

    with Database.open(settings.resolved_database_url) as database:
        return in_force(database, constitution_target(settings).name)


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
