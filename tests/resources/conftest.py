"""Stores and instances for the tests of resources."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance

from labelaudit_dagster.artifacts import ArtifactStore

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


@pytest.fixture
def store(root: Path) -> ArtifactStore:
    return ArtifactStore(root)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    home = tmp_path / "dagster"
    home.mkdir()
    with DagsterInstance.local_temp(str(home)) as made:
        yield made
