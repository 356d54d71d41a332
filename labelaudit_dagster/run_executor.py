"""The executor of runs that Dagster starts: one process, under the locks of what it makes.

The command line and the API take the same locks before they run something in their own process, so
that two runs of one group, or of one person, follow each other whoever started them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import dagster as dg

from labelaudit_dagster.home import exclusive
from labelaudit_dagster.pruning import prune_artifacts
from labelaudit_dagster.run_signs import alive
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.user_locks import everybody_locked, users_locked
from labelaudit_dagster.user_partitions import user_of_partition

_OWN_LOCK = frozenset({"published_constitution"})
"""Assets that lock while they work, and need no lock of their group."""
_PARTITION_TAG = "dagster/partition"


class LockingExecutor(dg.Executor):
    """Runs a plan in this process, under the locks of its assets."""

    def __init__(
        self, inner: dg.Executor, settings: Settings, groups: Mapping[dg.AssetKey, str | None]
    ) -> None:
        """Make an executor.

        Args:
            inner: executes the steps.
            settings: names the home.
            groups: group of each asset whose runs must not overlap; None where its partitions
                are users, who are locked one by one.
        """
        self._inner = inner
        self._settings = settings
        self._groups = groups

    @property
    def retries(self) -> Any:
        """As the inner executor."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """As the inner executor."""
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        """Execute the plan when nobody else is at the same, and tidy up after it."""
        run = plan_context.dagster_run
        made = {
            output.properties.asset_key
            for step in execution_plan.steps
            if step.key in execution_plan.step_keys_to_execute
            for output in step.step_outputs
        }
        groups = {self._groups[key] for key in made if key in self._groups}
        failed = False
        with alive(self._settings, run.run_id), self._locked(groups, run.tags):
            for event in self._inner.execute(plan_context, execution_plan):
                failed = failed or event.is_failure
                yield event
            if not failed and groups - {None}:
                prune_artifacts(self._settings)

    @contextmanager
    def _locked(self, groups: Iterable[str | None], tags: Mapping[str, str]) -> Iterator[None]:
        with ExitStack() as held:
            # In one order everywhere, so that nobody waits in a circle.
            for group in sorted(group for group in groups if group is not None):
                held.enter_context(exclusive(self._settings, group))
            if None in groups:
                key = tags.get(_PARTITION_TAG)
                held.enter_context(
                    everybody_locked(self._settings)
                    if key is None
                    else users_locked(self._settings, [user_of_partition(key)])
                )
            yield


def locking_executor(
    settings: Settings, assets: Iterable[dg.AssetsDefinition]
) -> dg.ExecutorDefinition:
    """Return the executor of an installation's runs.

    Args:
        settings: names the home.
        assets: all assets; those of one group are made by one run at a time.
    """
    groups = {
        key: None if definition.partitions_def is not None else definition.group_names_by_key[key]
        for definition in assets
        for key in definition.keys
        if key.to_user_string() not in _OWN_LOCK
    }

    config_schema: Any = dg.in_process_executor.config_schema

    def create(context: dg.InitExecutorContext) -> LockingExecutor:
        make = dg.in_process_executor.executor_creation_fn
        assert make is not None  # noqa: S101 - Dagster's own executor can be made
        return LockingExecutor(make(context), settings, groups)

    return dg.ExecutorDefinition(
        name="in_process",
        config_schema=config_schema,
        executor_creation_fn=create,
        description="All steps in one process, when nobody else is at the same.",
    )
