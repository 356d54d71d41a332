"""The assets with a partition for every user: models, predictions, audit."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from labelaudit_dagster.artifacts import ArtifactRef, Bundle
from labelaudit_dagster.assets.corpus_tables import GROUP
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.personal_metadata import (
    audit_metadata,
    audit_pictures,
    model_metadata,
    model_pictures,
    prediction_metadata,
)
from labelaudit_dagster.personal_audit import (
    ASSETS,
    CODE_VERSION,
    CorpusNotReadyError,
    CorpusSide,
    CorpusSides,
    audit_bundle,
    known_versions,
    model_bundle,
    prediction_bundle,
    read_histories,
)
from labelaudit_dagster.resources.artifact_io_manager import (
    AS_MAPPING,
    ArtifactIOManager,
    Partitioned,
)
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.user_partitions import PARTITIONS_NAME, user_of_partition


class PictureOptions(dg.Config):
    """Whether to draw."""

    pictures: bool = Field(
        default=True, description="Draw pictures for the Dagster UI where one user is made."
    )


USERS = dg.DynamicPartitionsDefinition(name=PARTITIONS_NAME)
CODE_VERSIONS = {
    "personal_models": CODE_VERSION,
    "personal_predictions": "1",
    "personal_audit": "1",
}
_PARTITIONS_IN_ONE_RUN = 100
"""The predictions of so many people are held at once: 0.3 GB at 100,000 comments."""


def _user_asset(description: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare an asset with a partition for every user, many of which go into one run."""

    def declare(function: Callable[..., Any]) -> Any:
        with warnings.catch_warnings():
            # The policy is called beta; without it a backfill starts a run for every user.
            warnings.simplefilter("ignore", dg.BetaWarning)
            return dg.asset(
                group_name=GROUP,
                kinds={"parquet"},
                code_version=CODE_VERSIONS[function.__name__],
                partitions_def=USERS,
                backfill_policy=dg.BackfillPolicy.multi_run(_PARTITIONS_IN_ONE_RUN),
                description=description,
                **options,
            )(function)

    return declare


def _mapping() -> dg.AssetIn:
    return dg.AssetIn(metadata={AS_MAPPING: True})


@_user_asset(
    "The models of a user with their labels and versions; for each version its honest error on "
    "labels that it had not seen, and beside it the disagreement with the system.",
    deps=list(ASSETS),
)
def personal_models(
    context: dg.AssetExecutionContext,
    config: PictureOptions,
    settings: dg.ResourceParam[Settings],
    io_manager: dg.ResourceParam[ArtifactIOManager],
    corpus_sides: dg.ResourceParam[CorpusSides],
) -> Partitioned:
    """Fold each user's labels into the comment model."""
    from labelaudit_dagster.store import Database

    side = _corpus_side(context, io_manager, corpus_sides)
    users = {key: user_of_partition(key) for key in context.partition_keys}
    with explained(), Database.open(settings.resolved_database_url) as database:
        histories = read_histories(database, list(users.values()))
        store = io_manager.artifact_store()
        found = {
            key: model_bundle(side, histories[user], known_versions(store, side, key))
            for key, user in users.items()
        }
    _describe(context, found, model_metadata)
    if config.pictures:
        _draw(context, found, lambda key: model_pictures(side, found[key]))
    return Partitioned(found)


@_user_asset(
    "What each model of a user predicts for every comment: mean, median, P(above the threshold) "
    "and quantiles, in the order of the comment model.",
    deps=list(ASSETS),
    ins={"personal_models": _mapping()},
)
def personal_predictions(
    context: dg.AssetExecutionContext,
    io_manager: dg.ResourceParam[ArtifactIOManager],
    corpus_sides: dg.ResourceParam[CorpusSides],
    personal_models: Partitioned,
) -> Partitioned:
    """Predict every comment with every model."""
    side = _corpus_side(context, io_manager, corpus_sides)
    with explained():
        found = {key: prediction_bundle(side, models) for key, models in personal_models.items()}
    _describe(context, found, lambda bundle: prediction_metadata(side, bundle))
    return Partitioned(found)


@_user_asset(
    "Where the system decides otherwise than each model of a user expects: topics by how surely "
    "they differ, and the figures of disagreement.",
    deps=list(ASSETS),
    ins={"personal_models": _mapping(), "personal_predictions": _mapping()},
)
def personal_audit(
    context: dg.AssetExecutionContext,
    config: PictureOptions,
    io_manager: dg.ResourceParam[ArtifactIOManager],
    corpus_sides: dg.ResourceParam[CorpusSides],
    personal_models: Partitioned,
    personal_predictions: Partitioned,
) -> Partitioned:
    """Compare predictions and system."""
    side = _corpus_side(context, io_manager, corpus_sides)
    with explained():
        found = {
            key: audit_bundle(side, models, personal_predictions[key])
            for key, models in personal_models.items()
        }
    _describe(context, found, audit_metadata)
    if config.pictures:
        _draw(
            context,
            found,
            lambda key: audit_pictures(
                side, personal_models[key], personal_predictions[key], found[key]
            ),
        )
    return Partitioned(found)


def _corpus_side(
    context: dg.AssetExecutionContext, io_manager: ArtifactIOManager, sides: CorpusSides
) -> CorpusSide:
    """Return the corpus side of this run, and record it as the step's input."""
    refs: dict[str, ArtifactRef] = {}
    with explained():
        for asset in ASSETS:
            ref = io_manager.read_in_step(context, asset)
            if ref is None:
                raise CorpusNotReadyError(f"{asset} was never made; run `labelaudit run audit`.")
            refs[asset] = ref
        return sides.of(refs)


def _describe(
    context: dg.AssetExecutionContext,
    bundles: Mapping[str, Bundle],
    describe: Callable[[Bundle], dict[str, Any]],
) -> None:
    """Attach the figures of each partition to its event."""
    for key, bundle in bundles.items():
        _attach(context, key, describe(bundle))


def _draw(
    context: dg.AssetExecutionContext,
    bundles: Mapping[str, Bundle],
    draw: Callable[[str], dict[str, Any]],
) -> None:
    """Attach pictures; for one user alone, since a picture takes longer than everything else."""
    if len(bundles) == 1:
        [key] = bundles
        _attach(context, key, draw(key))


def _attach(context: dg.AssetExecutionContext, key: str, metadata: dict[str, Any]) -> None:
    context.add_asset_metadata(metadata, context.asset_key, key)
