"""The canonical tables of the community, read and checked from the snapshot."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.snapshot import GROUP
from labelaudit_dagster.importers import (
    GUIDELINE_RATINGS,
    GUIDELINES,
    PARTICIPANTS,
    QUARANTINE,
    TOPICS,
    Community,
    read_export,
    with_attributes,
)
from labelaudit_dagster.importers.quality import quarantine_summary, quarantine_verdict
from labelaudit_dagster.settings import Settings

TABLES = {
    "participants": (PARTICIPANTS, "Everybody who may rate, with what is known of them."),
    "topics": (TOPICS, "Topics that guidelines belong to."),
    "guidelines": (GUIDELINES, "The guidelines that people rate."),
    "guideline_ratings": (GUIDELINE_RATINGS, "Who said what of which guideline, one row a pair."),
    "quarantine": (QUARANTINE, "Rows that were not kept, each with its reason."),
}


@dg.multi_asset(
    group_name=GROUP,
    outs={
        **{
            name: dg.AssetOut(description=text, kinds={"parquet"}, code_version="1")
            for name, (_, text) in TABLES.items()
        },
        "published_parameters": dg.AssetOut(
            description="Parameters of the last published constitution, for a warm start.",
            kinds={"parquet"},
            code_version="1",
        ),
    },
    check_specs=[
        dg.AssetCheckSpec(
            "schema",
            asset="guideline_ratings",
            blocking=True,
            description="Every table has its documented columns, types and unique keys.",
        ),
        dg.AssetCheckSpec(
            "rows_conserved",
            asset="guideline_ratings",
            blocking=True,
            description="Rows in = rows kept + rows quarantined, for every table.",
        ),
        dg.AssetCheckSpec(
            "quarantine_share",
            asset="guideline_ratings",
            blocking=True,
            description="Not too many ratings are unusable (LABELAUDIT_MAX_QUARANTINED_SHARE).",
        ),
        dg.AssetCheckSpec(
            "enough_ratings",
            asset="guideline_ratings",
            blocking=True,
            description="There is at least one rating.",
        ),
    ],
)
def guideline_tables(
    context: dg.AssetExecutionContext,
    ratings_export: bytes,
    settings: dg.ResourceParam[Settings],
) -> Any:
    """Read the snapshot into canonical tables; what is unusable goes to the quarantine."""
    with explained():
        community = read_export(ratings_export, now=datetime.now(UTC))
        if settings.platform_url is not None:
            community = _with_demographics(community, settings)
    counts = community.counts["guideline_ratings"]
    context.log.info(f"{counts.rows_kept:,} ratings kept, {counts.rows_quarantined:,} quarantined")
    for name in TABLES:
        yield dg.MaterializeResult(
            asset_key=name, value=community.table(name), metadata=_metadata(community, name)
        )
    yield dg.MaterializeResult(asset_key="published_parameters", value=_published_bundle(community))
    yield from _checks(community, settings.max_quarantined_share)


def _with_demographics(community: Community, settings: Settings) -> Community:
    """Join what this home knows of people; the embedded platform's export has it in it."""
    from labelaudit_dagster.store import Database, DatabaseMissingError, participant_attributes

    try:
        with Database.open(settings.resolved_database_url, read_only=True) as database:
            attributes = participant_attributes(database)
    except DatabaseMissingError:
        return community
    joined = with_attributes(community.participants, attributes)
    return replace(community, participants=joined)


def _metadata(community: Community, name: str) -> dict[str, Any]:
    """What a person reads beside a table in the Dagster UI."""
    frame = community.table(name)
    if name == "quarantine":
        return {"reasons": dg.MetadataValue.md(_markdown(quarantine_summary(frame)))}
    counts = community.counts[name]
    metadata: dict[str, Any] = {
        "rows in": counts.rows_in,
        "rows kept": counts.rows_kept,
        "rows quarantined": counts.rows_quarantined,
    }
    if name == "guideline_ratings" and len(frame):
        metadata["share helpful"] = float(frame["helpful"].mean())
        metadata["raters"] = int(frame["participant_id"].nunique())
        metadata["guidelines rated"] = int(frame["guideline_id"].nunique())
    return metadata


def _markdown(records: list[dict[str, Any]]) -> str:
    if not records:
        return "Nothing was quarantined."
    rows = [f"| {r['table']} | {r['reason']} | {r['rows']:,} |" for r in records]
    return "\n".join(["| table | reason | rows |", "|---|---|--:|", *rows])


def _published_bundle(community: Community) -> Bundle:
    """The published parameters as tables; empty ones where nothing was published."""
    import pandas as pd

    published = community.published
    tables = {}
    for key, side in (("participant_id", "user"), ("guideline_id", "guideline")):
        if published is None:
            frame = pd.DataFrame({key: pd.Series([], dtype="str"), "intercept": []})
        else:
            embeddings: pd.DataFrame = getattr(published, f"{side}_embeddings")
            frame = (
                getattr(published, f"{side}_intercepts")
                .rename("intercept")
                .to_frame()
                .join(embeddings.rename(columns=lambda k: f"factor_{k}"), how="outer")
                .sort_index()
                .rename_axis(key)
                .reset_index()
            )
        tables[f"{side}s"] = frame
    return Bundle({**tables, "mu": {"mu": None if published is None else published.mu}})


def _checks(community: Community, max_share: float) -> Any:
    """Evaluate the blocking checks; the first two raise inside the importer on a defect of ours."""
    import pandera.errors

    problem = ""
    try:
        community.validate()
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        problem = f"{len(cases)} cells do not fit, first: {cases.iloc[0].to_dict()}"
    yield dg.AssetCheckResult(
        asset_key="guideline_ratings",
        check_name="schema",
        passed=not problem,
        description=problem or "All tables fit their schema.",
    )
    yield dg.AssetCheckResult(
        asset_key="guideline_ratings",
        check_name="rows_conserved",
        passed=all(
            counts.rows_in == counts.rows_kept + counts.rows_quarantined
            for counts in community.counts.values()
        ),
        description="; ".join(
            f"{name}: {c.rows_in:,} in = {c.rows_kept:,} kept + {c.rows_quarantined:,} quarantined"
            for name, c in community.counts.items()
        ),
    )
    verdict = quarantine_verdict(community, max_share)
    yield dg.AssetCheckResult(
        asset_key="guideline_ratings",
        check_name="quarantine_share",
        passed=verdict.acceptable,
        description=verdict.sentence,
        metadata={"share of unusable ratings": verdict.share},
    )
    n = len(community.guideline_ratings)
    yield dg.AssetCheckResult(
        asset_key="guideline_ratings",
        check_name="enough_ratings",
        passed=n > 0,
        description=f"{n:,} ratings."
        if n
        else "There is no usable rating, so no constitution can be computed; the previous one "
        "stays. Import ratings, or look at the quarantine for why none was kept.",
    )
