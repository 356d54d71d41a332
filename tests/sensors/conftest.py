"""Homes, and sensors on the bench."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "assets")]

from audit_homes import AuditHome, small_corpus
from sensor_bench import Bench, Hands

from labelaudit_dagster.launch import run_audit
from labelaudit_dagster.settings import Settings

MakeBench = Callable[..., Bench]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def make_bench(instance: dg.DagsterInstance) -> MakeBench:
    """Put the sensor that a function makes from settings and a clock on the bench."""

    def make(
        kind: Callable[..., dg.SensorDefinition], settings: Settings, clock: Hands | None = None
    ) -> Bench:
        clock = clock or Hands()
        return Bench(settings, instance, kind(settings, clock), clock)

    return make


@pytest.fixture(scope="session")
def _audit_home(tmp_path_factory: pytest.TempPathFactory) -> AuditHome:
    home = AuditHome(Settings(home=tmp_path_factory.mktemp("audit") / "home"))
    home.settings.home.mkdir()
    home.load(small_corpus())
    [outcome, _] = run_audit(home.settings)
    assert outcome.succeeded, outcome
    return home


@pytest.fixture
def prepared(_audit_home: AuditHome, tmp_path: Path) -> AuditHome:
    """A home with a corpus side and nobody in it, free to change."""
    return _audit_home.copied_to(tmp_path / "home")
