"""One run for many users: the same results as the partitioned assets, without a step for each."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore, Bundle
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.personal_audit import CODE_VERSIONS
from labelaudit_dagster.assets.personal_metadata import short_metadata
from labelaudit_dagster.auditing.one_blas_thread import one_blas_thread
from labelaudit_dagster.automation.labelling import MOST_FAILED
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.home import GROUP_TAG
from labelaudit_dagster.personal_audit import (
    CorpusSide,
    CorpusSides,
    ModelHistory,
    audit_bundle,
    found_histories,
    known_versions,
    model_bundle,
    no_labels,
    prediction_bundle,
    users_behind,
)
from labelaudit_dagster.resources.artifact_io_manager import PATH, VERSION
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.user_locks import users_locked
from labelaudit_dagster.user_partitions import PARTITIONS_NAME, partition_key, user_of_partition

USERS_AT_ONCE = 25
"""Held in memory, and locked, together."""
_PARTS_AT_ONCE = 2
_NAMED = 5
FAILED_TAG = "labelaudit/failed-users"
"""Tag of a run that failed for some people and worked for the others: whose partition keys."""


class AuditUsersOptions(dg.Config):
    """Whose results to make."""

    keys: list[str] = Field(
        default=[], description="Partition keys of users. Default: everybody who has labelled."
    )
    only_behind: bool = Field(
        default=False, description="Pass over those whose results are those of their labels."
    )
    prepared: bool = Field(
        default=False,
        description="Whoever started the run has locked these users and frozen their labels.",
    )


@dg.op(
    out=dg.Out(dg.Nothing),
    description="Fold every user in, predict, and compare with the system; a version for each.",
)
def audit_users(
    context: dg.OpExecutionContext,
    config: AuditUsersOptions,
    settings: dg.ResourceParam[Settings],
    artifact_store: dg.ResourceParam[ArtifactStore],
    corpus_sides: dg.ResourceParam[CorpusSides],
) -> Iterator[Any]:
    """Make the results of many users; one who fails does not hold up the others."""
    from labelaudit_dagster.store import Database, users_labelled_since

    failed: dict[str, str] = {}
    with explained(), Database.open(settings.resolved_database_url) as database:
        users = [user_of_partition(key) for key in config.keys]
        users = sorted(set(users)) or users_labelled_since(database, 0)
        if not users:
            context.log.info("nobody has labelled yet")
            yield dg.Output(None)
            return
        side = corpus_sides.current()
        corpus = {asset: ref.version for asset, ref in side.refs.items()}
        if config.only_behind:
            # Somebody may have been trained, or forgotten, since the run was asked for.
            users = list(users_behind(artifact_store, database, users, corpus))
            context.log.info(f"{len(users):,} users to make results for")
            if not users:
                yield dg.Output(None)
                return
        context.instance.add_dynamic_partitions(
            PARTITIONS_NAME, [partition_key(user) for user in users]
        )

        known = _Histories(database, users, freeze=not config.prepared)

        def make(some: Sequence[str]) -> Made:
            with nullcontext() if config.prepared else users_locked(settings, some):
                if config.only_behind:
                    some = list(users_behind(artifact_store, database, some, corpus))
                    if not some:
                        return {}, {}
                results = _results(artifact_store, side, known.of(some), failed)
                return results, _write(artifact_store, side, results, context.run.run_id)

        done = 0
        with one_blas_thread():
            for results, refs in _ahead(make, users):
                yield from _events(artifact_store, refs, results)
                done += len(results)
                context.log.info(f"{done:,} of {len(users):,} users")
    if failed:
        if len(failed) <= MOST_FAILED:
            keys = [partition_key(user) for user in failed]
            context.instance.add_run_tags(context.run.run_id, {FAILED_TAG: json.dumps(keys)})
        named = "; ".join(f"{user!r}: {why}" for user, why in list(failed.items())[:_NAMED])
        raise dg.Failure(
            description=f"{len(failed):,} of {len(users):,} users failed, the others are done. "
            f"{named}",
            allow_retries=False,
        )
    yield dg.Output(None)


Results = dict[str, tuple[Bundle, Bundle, Bundle]]
Made = tuple[Results, dict[str, dict[str, ArtifactRef]]]


def _ahead(make: Callable[[Sequence[str]], Made], users: Sequence[str]) -> Iterator[Made]:
    """Make the results of some users after the others, the next while the last are being told.

    Two parts are under way at once, since computing takes one core, and storing and telling Dagster
    mostly wait for the disk.
    """
    chunks = [users[start : start + USERS_AT_ONCE] for start in range(0, len(users), USERS_AT_ONCE)]
    with ThreadPoolExecutor(_PARTS_AT_ONCE, thread_name_prefix="audit-users") as pool:
        coming = deque(pool.submit(make, chunk) for chunk in chunks[:_PARTS_AT_ONCE])
        for following in [*chunks[_PARTS_AT_ONCE:], *[None] * len(coming)]:
            made = coming.popleft().result()
            if following is not None:
                coming.append(pool.submit(make, following))
            yield made


class _Histories:
    """What users have labelled and trained: read for all at once, and anew after a new label."""

    def __init__(self, database: Any, users: Sequence[str], *, freeze: bool) -> None:
        """Freeze what is due of everybody, unless that was done, and read it."""
        from labelaudit_dagster.store import label_sequence, record_due_trainings

        self._database = database
        self._freeze = freeze
        # Asked first: a label that comes in between makes what was read look older than it is.
        self._sequence = label_sequence(database)
        if freeze:
            record_due_trainings(database, users, now=datetime.now(UTC))
        self._found = found_histories(database, users)

    def of(self, users: Sequence[str]) -> dict[str, Sequence[ModelHistory]]:
        """Return the histories of some users, who are locked; none where somebody has none."""
        from labelaudit_dagster.store import label_sequence, record_due_trainings

        if not self._freeze or label_sequence(self._database) == self._sequence:
            return {user: self._found.get(user, ()) for user in users}
        record_due_trainings(self._database, users, now=datetime.now(UTC))
        return {user: found_histories(self._database, [user]).get(user, ()) for user in users}


def _results(
    store: ArtifactStore,
    side: CorpusSide,
    histories: Mapping[str, Sequence[ModelHistory]],
    failed: dict[str, str],
) -> Results:
    """Compute the results of some users by partition key; note who failed, and why."""
    found: Results = {}
    for user, of_user in histories.items():
        try:
            if not of_user:
                raise no_labels(user)
            key = partition_key(user)
            models = model_bundle(side, of_user, known_versions(store, side, key))
            predictions = prediction_bundle(side, models)
            found[key] = (models, predictions, audit_bundle(side, models, predictions))
        except ExpectedFailure as failure:
            failed[user] = str(failure)
    return found


def _write(
    store: ArtifactStore, side: CorpusSide, results: Results, run_id: str
) -> dict[str, dict[str, ArtifactRef]]:
    """Write the results; each names what it was made from."""
    written: dict[str, dict[str, ArtifactRef]] = {}
    for place, asset in enumerate(CODE_VERSIONS):
        upstream = dict(written)

        def inputs(key: str, upstream: Any = upstream) -> dict[str, str]:
            refs = [*side.refs.values(), *(refs[key] for refs in upstream.values())]
            return {ref.key: ref.version for ref in refs}

        written[asset] = store.write_partitions(
            asset,
            {key: bundles[place] for key, bundles in results.items()},
            run_id=run_id,
            code_version=CODE_VERSIONS[asset],
            inputs=inputs,
        )
    return written


def _events(
    store: ArtifactStore, written: Mapping[str, Mapping[str, ArtifactRef]], results: Results
) -> Iterator[dg.AssetMaterialization]:
    """Tell Dagster of each partition."""
    for key, bundles in results.items():
        for asset, refs in written.items():
            yield dg.AssetMaterialization(
                asset_key=asset,
                partition=key,
                metadata={
                    **short_metadata(asset, bundles[0]),
                    VERSION: dg.MetadataValue.text(refs[key].version),
                    PATH: dg.MetadataValue.path(store.location(refs[key])),
                },
            )


@dg.job(
    description="Results of many users in one run: those named in the configuration, or everybody.",
    tags={GROUP_TAG: "personal"},
)
def audit_users_job() -> None:
    """Run `audit_users`."""
    audit_users()
