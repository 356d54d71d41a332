"""`new_labels_sensor`: labels become personal models, those of many people in one run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore
from labelaudit_dagster.assets.audit_users import FAILED_TAG
from labelaudit_dagster.automation.clocks import Clock, has_passed, utc_now
from labelaudit_dagster.automation.cursor import read_cursor
from labelaudit_dagster.automation.labelling import (
    EVERYBODY,
    Labeller,
    LabelsDecision,
    LabelsSeen,
    decided_labels,
    is_refit,
    settled_labels,
)
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.sensors.reading import database_at_hand
from labelaudit_dagster.sensors.runs import answer, find_run, new_series
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.user_partitions import partition_key, user_of_partition

if TYPE_CHECKING:
    from labelaudit_dagster.store import Database

NAME = "new_labels_sensor"
_LOOKED_AT = 200
"""For so many people a tick looks whether their results are made; for more the run does."""


def new_labels_sensor(settings: Settings, clock: Clock = utc_now) -> dg.SensorDefinition:
    """Return the sensor for an installation's settings."""
    store = ArtifactStore(settings.resolved_artifacts_url)
    quiet = timedelta(seconds=settings.quiet_seconds)

    @dg.sensor(
        name=NAME,
        job_name="audit_users_job",
        minimum_interval_seconds=settings.sensor_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Has the results of everybody with new labels made in one run, and those of all "
            "after the corpus side was made anew."
        ),
    )
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = clock()
        remembered = read_cursor(LabelsSeen, context.cursor) or LabelsSeen(series=new_series(now))
        run = find_run(context.instance, remembered.asked)
        remembered = settled_labels(remembered, run.state, run.named(FAILED_TAG), now)
        try:
            with database_at_hand(settings) as database:
                if database is None:
                    return answer(remembered, None, "Nobody has labelled yet.")
                decision = _decided(store, database, remembered, quiet, now)
        except ExpectedFailure as failure:
            return answer(remembered, None, str(failure))
        return answer(
            decision.remembered, decision.ask, decision.reason, _run_config(decision.keys)
        )

    return evaluate


def _run_config(keys: tuple[str, ...]) -> dict[str, Any]:
    options = {"keys": list(keys), "only_behind": True}
    return {"ops": {"audit_users": {"config": options}}}


def _decided(
    store: ArtifactStore,
    database: Database,
    remembered: LabelsSeen,
    quiet: timedelta,
    now: datetime,
) -> LabelsDecision:
    """Look at labels and results, and decide.

    Raises:
        ExpectedFailure: if either cannot be read, or no corpus side was made yet.
    """
    from labelaudit_dagster.personal_audit import current_refs, users_behind
    from labelaudit_dagster.store import label_progress, label_sequence

    if remembered.asked is not None:
        return decided_labels(remembered, (), newest=0, corpus=None, quiet=quiet, now=now)
    # Asked first: what is labelled in between is found at the next look.
    newest = label_sequence(database)
    refs = current_refs(store)
    corpus = _settled_corpus(store, refs, remembered, quiet, now)
    after = 0 if is_refit(remembered, corpus) else remembered.labels
    found = {one.user_id: one for one in label_progress(database, after=after)}
    failed = [user_of_partition(key) for key in remembered.failed if key != EVERYBODY]
    for one in label_progress(database, user_ids=failed):
        found.setdefault(one.user_id, one)
    frozen: Mapping[str, bool] = dict.fromkeys(found, False)
    if len(found) <= _LOOKED_AT:
        versions = {asset: ref.version for asset, ref in refs.items()}
        frozen = users_behind(store, database, list(found), versions)
    people = [
        Labeller(partition_key(user), found[user].first, found[user].labelled_at, frozen[user])
        for user in frozen
    ]
    return decided_labels(remembered, people, newest=newest, corpus=corpus, quiet=quiet, now=now)


def _settled_corpus(
    store: ArtifactStore,
    refs: Mapping[str, ArtifactRef],
    remembered: LabelsSeen,
    quiet: timedelta,
    now: datetime,
) -> str | None:
    """Return the name of the corpus side; None for one so new that its maker may go on with all.

    `labelaudit run audit` makes the corpus side and then everybody's results.
    """
    versions = "\n".join(f"{asset} {refs[asset].version}" for asset in sorted(refs))
    name = hashlib.sha256(versions.encode()).hexdigest()[:16]
    if name == remembered.corpus:
        return name
    made = max(store.manifest(ref).created_at for ref in refs.values())
    return name if has_passed(made, quiet, now) else None
