"""Runs of assets under the IO manager, and what they leave."""

from pathlib import Path
from typing import Any

import pytest
from dagster import (
    DagsterInstance,
    materialize,
)

from labelaudit_dagster.artifacts import (
    ArtifactNotFoundError,
    ArtifactValueError,
)
from labelaudit_dagster.resources.artifact_io_manager import ArtifactIOManager


def run(assets: list[Any], root: Path | str, instance: DagsterInstance, **options: Any) -> Any:
    resources = {"io_manager": ArtifactIOManager(root=str(root))}
    return materialize(assets, instance=instance, resources=resources, **options)


def materialisation(result: Any, name: str) -> Any:
    return result.asset_materializations_for_node(name)[0]


def cause(error: pytest.ExceptionInfo[BaseException]) -> str:
    found: BaseException | None = error.value
    while found is not None and not isinstance(found, ArtifactNotFoundError | ArtifactValueError):
        found = found.__cause__
    return str(found)
