"""Fixtures and gates shared by all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A script that starts something with `&` has it ignore Ctrl-C. The programs that tests start
    # would inherit it, and Dagster makes it count for SIGTERM too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


REQUIRED = ("realdata", "e2e", "postgres")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where LABELAUDIT_REQUIRE_ALL is set, a skipped browser, database or data test has failed."""
    report = yield
    if report.skipped and os.environ.get("LABELAUDIT_REQUIRE_ALL"):
        needs = [name for name in REQUIRED if item.get_closest_marker(name)]
        if needs and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"A {' and '.join(needs)} test must not be skipped here: {reason}"
    return report


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder with the public data sets (use with the `realdata` marker)."""
    return _data_root()
