"""`prolific_demographics`: what studies say of the people who took part, handed to the platform."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.demographics_collection import CollectionOutcome, collect_demographics
from labelaudit_dagster.home import GROUP_TAG, exclusive
from labelaudit_dagster.resources.demographics import (
    demographic_columns,
    demographics_target,
    prolific_client,
)
from labelaudit_dagster.settings import Settings

GROUP = "demographics"
ASSET = "prolific_demographics"
OUTCOME = "outcome"
"""Metadata with the whole outcome as JSON."""


@dg.asset(
    name=ASSET,
    group_name=GROUP,
    kinds={"csv"},
    code_version="1",
    description=(
        "Demographics of participants from Prolific, study by study: reduced to the allowed "
        "columns and sent once for each content. The rows go to the platform and into no artifact."
    ),
)
def prolific_demographics(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[Any]:
    """Collect the demographics of all studies; failed ones end the run after the others."""
    from labelaudit_dagster.store import Database

    with explained():
        prolific, target = prolific_client(settings), demographics_target(settings)
        with (
            # A run of the daemon and one of the command line would send the same side by side.
            exclusive(settings, "collection"),
            Database.open(settings.resolved_database_url) as database,
        ):
            outcome = collect_demographics(
                prolific,
                database,
                target,
                demographic_columns(settings),
                now=datetime.now(UTC),
                progress=context.log.info,
            )
    yield dg.MaterializeResult(metadata=_metadata(outcome))
    problem = outcome.failure_sentence()
    if problem is not None:
        raise dg.Failure(description=problem, allow_retries=False)


def _metadata(outcome: CollectionOutcome) -> dict[str, Any]:
    states = [study.state for study in outcome.studies]
    rows = [
        "| study | state | rows | people kept |",
        "|---|---|--:|--:|",
        *(
            f"| `{study.study_id}` | {study.state} | {_number(study.rows_in)} "
            f"| {_number(study.rows_kept)} |"
            for study in outcome.studies
        ),
    ]
    return {
        "target": outcome.target,
        "studies": len(states),
        "sent": states.count("sent"),
        "unchanged": states.count("unchanged"),
        "failed": states.count("failed"),
        "by study": dg.MetadataValue.md("\n".join(rows)),
        OUTCOME: dg.MetadataValue.json(outcome.document()),
    }


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def demographics_jobs() -> list[Any]:
    """Return the jobs of the group (Dagster keeps their type to itself)."""
    return [
        dg.define_asset_job(
            "demographics_job",
            selection=dg.AssetSelection.groups(GROUP),
            description="Demographics from Prolific to the platform, each content once.",
            tags={GROUP_TAG: GROUP},
        )
    ]
