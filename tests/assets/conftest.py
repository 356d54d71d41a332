"""Homes with a corpus, for the tests of the group `audit`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from audit_homes import AuditHome, small_corpus

from labelaudit_dagster.launch import run_audit
from labelaudit_dagster.settings import Settings


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> AuditHome:
    home = AuditHome(Settings(home=tmp_path_factory.mktemp("audit") / "home"))
    home.settings.home.mkdir()
    home.load(small_corpus())
    [outcome, _] = run_audit(home.settings)
    assert outcome.succeeded, outcome
    return home


@pytest.fixture
def prepared(_prepared: AuditHome, tmp_path: Path) -> AuditHome:
    """A home with a corpus side and nobody in it, free to change."""
    return _prepared.copied_to(tmp_path / "home")
