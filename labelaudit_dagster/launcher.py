"""Dagster kept open in a process, so that training somebody takes a fraction of a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.home import GROUP_TAG
from labelaudit_dagster.opened_instance import dagster_instance, storage_failures_named
from labelaudit_dagster.picture_engine import start_picture_engine
from labelaudit_dagster.run_outcome import RunOutcome, outcome_of
from labelaudit_dagster.run_signs import alive
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.user_locks import users_locked
from labelaudit_dagster.user_partitions import PARTITIONS_NAME, partition_key

if TYPE_CHECKING:
    from dagster import DagsterInstance, Definitions

    from labelaudit_dagster.store import Database, Training

Progress = Callable[[str], None]

_IN_THIS_PROCESS = "personal, outside the queue"
"""Tag of the runs here: locks keep them apart, and Dagster's queue need not wait for them."""


@dataclass(frozen=True)
class TrainingOutcome:
    """What came of training somebody.

    Attributes:
        user: whose models.
        versions: version that is current now, by model.
        trained: names of the models that have a new version.
        run: the run that made the results; None where they were up to date.
    """

    user: str
    versions: Mapping[str, int]
    trained: tuple[str, ...]
    run: RunOutcome | None

    @property
    def succeeded(self) -> bool:
        """Whether the results are those of the versions."""
        return self.run is None or self.run.succeeded


class Launcher:
    """Starts runs for users in this process; keeps Dagster and the database open between them.

    May be used from several threads: runs follow each other. Opens at first use; close it, or use
    it in a `with` statement.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = ArtifactStore(settings.resolved_artifacts_url)
        self._opening = threading.Lock()
        self._running = threading.RLock()
        self._held = ExitStack()
        self._opened: _Opened | None = None

    def warm(self) -> None:
        """Open everything now rather than at the first training, and load the corpus.

        Raises:
            HomeError: if the home cannot be written, or Dagster's storage in it fails.
            StoreError: if the database cannot be opened.
        """
        from labelaudit_dagster.personal_audit import CorpusNotReadyError

        opened = self._open()
        try:
            opened.definitions.resources["corpus_sides"].current()  # type: ignore[index]
        except CorpusNotReadyError:
            return  # the first training says so

    def train_user(
        self,
        user: str,
        model: str | None = None,
        *,
        pictures: bool = True,
        progress: Progress | None = None,
    ) -> TrainingOutcome:
        """Train a user's models on the labels of now, and make their results.

        Where labels and corpus are those of the current results, nothing runs. A second training
        of the same user at the same time, here or in another process, waits.

        Args:
            user: the user's id.
            model: train this model alone; by default all whose labels have changed.
            pictures: draw pictures for the Dagster UI, which takes as long as everything else.
            progress: is told in a few words what begins.

        Raises:
            NoLabelsError: if the user has no labels.
            UnknownModelError: if the user has no labels for `model`.
            CorpusNotReadyError: if the corpus side was never made.
            HomeError: if the home cannot be written, or another training does not end in time.
            StoreError: if the database fails.
        """
        from labelaudit_dagster.personal_audit import current_refs, no_labels, results_are_of
        from labelaudit_dagster.store import list_trainings, record_due_trainings, record_training

        opened = self._open()
        refs = current_refs(self._store)
        # In this order: a run of many users holds the first and waits for the second.
        with self._running, users_locked(self._settings, [user]):
            now = datetime.now(UTC)
            recorded: list[Training] = (
                record_due_trainings(opened.database, [user], now=now)
                if model is None
                else [record_training(opened.database, user, model, now=now)]
            )
            versions = {
                training.model: training.version
                for training in list_trainings(opened.database, user)
            }
            if not versions:
                raise no_labels(user)
            run = None
            corpus = {asset: ref.version for asset, ref in refs.items()}
            if not results_are_of(self._store, user, versions, corpus):
                made = self._run_partition if pictures else self._run_in_one_step
                run = made(opened, partition_key(user), progress)
        return TrainingOutcome(
            user=user,
            versions=versions,
            trained=tuple(training.model for training in recorded if training.is_new),
            run=run,
        )

    def audit_users(
        self, users: Iterable[str] = (), *, progress: Progress | None = None
    ) -> RunOutcome:
        """Train many users in one run and make their results.

        Args:
            users: their ids; by default everybody who has labelled.
            progress: is told in a few words how far it is.

        Raises:
            HomeError: if the home cannot be written.
        """
        keys = [partition_key(user) for user in users]
        return self._execute(
            self._open(),
            "audit_users_job",
            progress,
            run_config={"ops": {"audit_users": {"config": {"keys": keys}}}},
        )

    def close(self) -> None:
        """Close everything; the next use opens it again."""
        with self._running, self._opening:
            self._opened = None
            self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> _Opened:
        with self._opening:
            if self._opened is None:
                from labelaudit_dagster.store import Database

                start_picture_engine()
                with ExitStack() as stack:
                    instance = stack.enter_context(dagster_instance(self._settings))
                    database = stack.enter_context(
                        Database.open(self._settings.resolved_database_url)
                    )
                    from labelaudit_dagster.definitions import build_definitions

                    definitions = build_definitions(self._settings)
                    self._held = stack.pop_all()
                self._opened = _Opened(instance, database, definitions)
            return self._opened

    def _run_in_one_step(self, opened: _Opened, key: str, progress: Progress | None) -> RunOutcome:
        """Make what the partitioned assets make; Dagster's own work for three steps is halved."""
        options = {"keys": [key], "prepared": True}
        return self._execute(
            opened,
            "audit_users_job",
            progress,
            run_config={"ops": {"audit_users": {"config": options}}},
        )

    def _run_partition(self, opened: _Opened, key: str, progress: Progress | None) -> RunOutcome:
        if not opened.instance.has_dynamic_partition(PARTITIONS_NAME, key):
            opened.instance.add_dynamic_partitions(PARTITIONS_NAME, [key])
        return self._execute(opened, "personal_audit_job", progress, partition_key=key)

    def _execute(
        self, opened: _Opened, job: str, progress: Progress | None, **options: Any
    ) -> RunOutcome:
        from labelaudit_dagster.progress_log import progress_to

        run_config = {**options.pop("run_config", {}), "loggers": {"progress": {}}}
        run_id = str(uuid4())
        with (
            self._running,
            storage_failures_named(self._settings),
            progress_to(progress),
            alive(self._settings, run_id, told=True),
        ):
            result = opened.definitions.resolve_job_def(job).execute_in_process(
                run_id=run_id,
                instance=opened.instance,
                raise_on_error=False,
                run_config=run_config,
                tags={GROUP_TAG: _IN_THIS_PROCESS},
                **options,
            )
        return outcome_of(result)


@dataclass(frozen=True)
class _Opened:
    """What a launcher keeps open."""

    instance: DagsterInstance
    database: Database
    definitions: Definitions
