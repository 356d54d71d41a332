"""Homes with data in them, made once for all tests of the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# With pytest's importlib mode neighbouring modules are not importable by themselves.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from home_runs import Home, with_cache
from small_exports import small_export, write_json


@pytest.fixture(scope="session")
def _small_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a small community and its constitution; copy it, never write to it."""
    folder = tmp_path_factory.mktemp("small")
    home = Home(folder / "home")
    home.run("import", "export", write_json(folder / "export.json", small_export())).succeeded()
    home.compute().succeeded()
    return home


@pytest.fixture(scope="session")
def compiled(_small_home: Home) -> Path:
    """Folder with the compiled programs of a first run."""
    return _small_home.path / "cache" / "jax"


@pytest.fixture(scope="session")
def untouched_home(_small_home: Home) -> Home:
    """The home of the small community, for tests that only read."""
    return _small_home


@pytest.fixture
def small_home(_small_home: Home, tmp_path: Path) -> Home:
    """A copy of the home of the small community, free to change."""
    return _small_home.copied_to(tmp_path / "home")


@pytest.fixture
def new_home(tmp_path: Path, compiled: Path) -> Callable[[str], Home]:
    """Make an empty home under a name; what was compiled before is in it."""
    return lambda name: with_cache(Home(tmp_path / name), compiled)


@pytest.fixture(scope="session")
def ccai_home(tmp_path_factory: pytest.TempPathFactory, data_root: Path, compiled: Path) -> Home:
    """The real votes and their constitution; for tests that only read."""
    home = with_cache(Home(tmp_path_factory.mktemp("ccai") / "home"), compiled)
    home.run("import", "export", data_root / "energize" / "export-ccai.json").succeeded()
    home.compute().succeeded()
    return home
