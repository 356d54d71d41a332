"""Fixtures and gates shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def _data_root() -> Path:
    """Return the folder with the public data sets, whether it exists or not."""
    configured = os.environ.get("LABELAUDIT_TEST_DATA")
    return Path(configured) if configured else REPOSITORY.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip `realdata` tests, with a reason, where the data sets are absent."""
    root = _data_root()
    if root.is_dir():
        return
    skip = pytest.mark.skip(reason=f"needs the public data sets; {root} does not exist")
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder with the public data sets (use with the `realdata` marker)."""
    return _data_root()
