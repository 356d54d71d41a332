"""`published_constitution`: what the platform was told, with its receipt."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactError, ArtifactRef, ArtifactStore, Bundle
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.snapshot import GROUP
from labelaudit_dagster.home import exclusive
from labelaudit_dagster.publishing import (
    Approval,
    PublicationOutcome,
    PublishingError,
    publish_current,
)
from labelaudit_dagster.resources.artifact_io_manager import VERSION, lineage_metadata
from labelaudit_dagster.resources.constitution_target import constitution_target
from labelaudit_dagster.settings import Settings

ASSET = "published_constitution"
GATE = "gate"


class PublishOptions(dg.Config):
    """Who approves a held constitution, and why; both or neither.

    `approved_publication` is the number of the publication that they have seen.
    """

    approved_by: str | None = None
    approved_why: str | None = None
    approved_publication: int | None = None


@dg.asset(
    group_name=GROUP,
    kinds={"json"},
    code_version="1",
    deps=["constitution"],
    output_required=False,
    description=(
        "What was sent to the platform, with its receipt. Nothing is sent that the platform has "
        "already, and nothing that the gate holds back."
    ),
    check_specs=[
        dg.AssetCheckSpec(
            GATE,
            asset=ASSET,
            description=(
                "The constitution is converged, not empty, decided, and within the churn limit; "
                "or a person has approved it."
            ),
        )
    ],
)
def published_constitution(
    context: dg.AssetExecutionContext,
    config: PublishOptions,
    settings: dg.ResourceParam[Settings],
    artifact_store: dg.ResourceParam[ArtifactStore],
) -> Iterator[Any]:
    """Publish the constitution of this run, or the current one."""
    from labelaudit_dagster.store import Database

    with (
        explained(),
        # A run of the daemon and one of the command line would send the same thing side by side.
        exclusive(settings, "publish"),
        Database.open(settings.resolved_database_url) as database,
    ):
        outcome = publish_current(
            artifact_store,
            database,
            constitution_target(settings),
            ref=_constitution_of_run(context),
            churn_limit=settings.churn_limit,
            churn_limit_unchanged=settings.resolved_churn_limit_unchanged,
            now=datetime.now(UTC),
            approval=_approval(config),
        )
    context.log.info(f"{outcome.state} (publication {outcome.sequence} to {outcome.target})")
    if outcome.state == "sent" or (
        outcome.state == "unchanged" and _recorded_sequence(artifact_store) != outcome.sequence
    ):
        yield dg.MaterializeResult(
            value=Bundle(payload=outcome.payload, publication=_record(outcome)),
            metadata={
                **lineage_metadata([outcome.ref]),
                "target": outcome.target,
                "sequence": outcome.sequence,
                "accepted guidelines": len(outcome.payload["accepted_guideline_ids"]),
                "what changed": dg.MetadataValue.md(
                    "\n".join(f"- {sentence}" for sentence in outcome.changes) or "Nothing changed."
                ),
            },
        )
    yield dg.AssetCheckResult(
        check_name=GATE,
        passed=outcome.state != "held",
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(outcome.reasons) or f"{outcome.state}: nothing holds it back.",
        metadata={
            "churn": outcome.churn if outcome.churn is not None else "first publication",
            "what would change": dg.MetadataValue.json(outcome.changes),
            "waived by approval": dg.MetadataValue.json(list(outcome.waived)),
        },
    )


def _approval(config: PublishOptions) -> Approval | None:
    """Return the approval that the run configuration gives.

    Raises:
        PublishingError: if it says who approves without why, or the other way round.
    """
    given = (config.approved_by, config.approved_why, config.approved_publication)
    if all(value is None for value in given):
        return None
    if not (config.approved_by or "").strip() or not (config.approved_why or "").strip():
        raise PublishingError(
            "An approval needs both approved_by and approved_why; nothing was sent."
        )
    return Approval(str(config.approved_by), str(config.approved_why), config.approved_publication)


def _constitution_of_run(context: dg.AssetExecutionContext) -> ArtifactRef | None:
    """Return the constitution that this very run made; None where it made none."""
    records = context.instance.get_records_for_run(
        context.run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records
    for record in records:
        event = record.asset_materialization
        if event is not None and event.asset_key == dg.AssetKey("constitution"):
            return ArtifactRef("constitution", None, str(event.metadata[VERSION].value))
    return None


def _recorded_sequence(store: ArtifactStore) -> int | None:
    """Return the number of the publication that the asset holds; None where it is damaged."""
    try:
        ref = store.current(ASSET)
        return None if ref is None else store.load_json(ref, "publication")["sequence"]
    except ArtifactError:
        return None


def _record(outcome: PublicationOutcome) -> dict[str, Any]:
    return {
        "sequence": outcome.sequence,
        "idempotency_key": outcome.idempotency_key,
        "target": outcome.target,
        "constitution_version": outcome.ref.version,
        "receipt": outcome.receipt,
        "churn": outcome.churn,
        "changes": outcome.changes,
        "waived_by_approval": list(outcome.waived),
    }
