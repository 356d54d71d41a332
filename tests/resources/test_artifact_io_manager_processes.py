"""The IO manager where steps and attempts of a run are processes of their own."""

from pathlib import Path
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetIn,
    DagsterInstance,
    Definitions,
    ReexecutionOptions,
    ResourceParam,
    asset,
    define_asset_job,
    execute_job,
    multiprocess_executor,
    reconstructable,
)

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.resources.artifact_io_manager import ArtifactIOManager


def _other_run_writes(root: str) -> None:
    ArtifactStore(root).write("upstream", {"run": "other"}, run_id="another-run")


@asset(key="upstream")
def upstream_in_process(context: AssetExecutionContext):
    return {"run": context.run_id}


@asset(deps=["upstream"])
def intruder_in_process(io_manager: ResourceParam[ArtifactIOManager]):
    _other_run_writes(io_manager.root)
    return {}


@asset(ins={"upstream": AssetIn()}, deps=[intruder_in_process])
def reader_in_process(upstream: dict, io_manager: ResourceParam[ArtifactIOManager]):
    if Path(io_manager.root, "broken").exists():
        raise RuntimeError("broken for now")
    return upstream


def multiprocess_job():
    return Definitions(
        assets=[upstream_in_process, intruder_in_process, reader_in_process],
        jobs=[define_asset_job("everything", executor_def=multiprocess_executor)],
        resources={"io_manager": ArtifactIOManager.configure_at_launch()},
    ).resolve_job_def("everything")


def execute(root: Path, instance: DagsterInstance, **options: Any) -> Any:
    return execute_job(
        reconstructable(multiprocess_job),
        instance=instance,
        run_config={"resources": {"io_manager": {"config": {"root": str(root)}}}},
        **options,
    )


def test_steps_in_different_processes_share_the_versions_of_their_run(root, store, instance):
    result = execute(root, instance)
    assert result.success
    assert store.load(store.current("upstream")) == {"run": "other"}
    reader = store.current("reader_in_process")
    assert store.load(reader) == {"run": result.run_id}
    assert store.load(store.resolve_upstream(reader, "upstream")) == {"run": result.run_id}


def test_a_run_continued_after_failure_loads_what_the_first_attempt_wrote(root, store, instance):
    root.mkdir()
    (root / "broken").touch()
    first = execute(root, instance)
    assert not first.success
    (root / "broken").unlink()
    options = ReexecutionOptions.from_failure(first.run_id, instance)
    second = execute(root, instance, reexecution_options=options)
    assert second.success
    assert second.run_id != first.run_id
    assert [event.step_key for event in second.get_step_success_events()] == ["reader_in_process"]
    reader = store.current("reader_in_process")
    assert store.manifest(reader).run_id == second.run_id
    assert store.load(reader) == {"run": first.run_id}
