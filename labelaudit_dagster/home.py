"""The home: the one folder that holds the state of an installation, and its locks."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings

GROUP_TAG = "labelaudit/group"
"""Tag of every run, by which Dagster's queue starts one of a group at a time."""

DAGSTER_YAML = f"""\
# Written by labelaudit when this home was made; edit freely, it is not written again.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    # One of each group; the command line and the API run theirs in their own processes.
    max_concurrent_runs: 4
    tag_concurrency_limits:
      # Two runs of one group would do the same work twice.
      - key: {GROUP_TAG}
        value:
          applyLimitPerUniqueValue: true
        limit: 1
run_queue:
  # Somebody may be waiting for what a sensor asked for.
  dequeue_interval_seconds: 1
compute_logs:
  # What runs say is in their events; collecting it a second time takes four processes a run.
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  cancel_timeout_seconds: 180
retention:
  sensor:
    # Most ticks find nothing; those of a day tell what happened.
    purge_after_days:
      skipped: 1
      failure: 30
      success: 30
      started: 30
  schedule:
    purge_after_days: 30
"""


class HomeError(ExpectedFailure, RuntimeError):
    """The home cannot be used; the message says why and what to do."""


def prepare_home(settings: Settings) -> None:
    """Make the home and what Dagster needs in it; harmless when it is there already.

    Raises:
        HomeError: if the folder cannot be made or written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.dagster_home.mkdir(exist_ok=True)
        settings.cache_folder.mkdir(exist_ok=True)
        configuration = settings.dagster_home / "dagster.yaml"
        if not configuration.exists():
            temporary = configuration.with_name(f".dagster.yaml.{secrets.token_hex(4)}")
            temporary.write_text(DAGSTER_YAML, encoding="utf-8")
            temporary.replace(configuration)
    except OSError as error:
        raise HomeError(
            f"The home {settings.home} cannot be written ({error.strerror}). "
            "Free space, mend its permissions, or set LABELAUDIT_HOME to another folder."
        ) from error


def is_writable(folder: Path) -> bool:
    """Say whether this process may write into `folder` (false where it does not exist)."""
    return folder.is_dir() and os.access(folder, os.W_OK)


@contextmanager
def exclusive(settings: Settings, what: str, *, wait_seconds: float = 600.0) -> Iterator[None]:
    """Hold the lock of one kind of work in this home; the system frees it if the process dies.

    Args:
        settings: names the home.
        what: short name of the work, e.g. `constitution`; part of a file name.
        wait_seconds: longest wait for another process to finish.

    Raises:
        HomeError: if another process still holds the lock after that time, or none can be made.
    """
    lock = FileLock(settings.home / f".{what}.lock")
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise HomeError(
            f"Another {what} run on {settings.home} has not finished after {wait_seconds:.0f} s. "
            "Wait for it to end, then start again."
        ) from None
    except OSError as error:
        raise HomeError(
            f"The home {settings.home} cannot be locked ({error.strerror}). "
            "Free space or mend its permissions."
        ) from error
    try:
        yield
    finally:
        lock.release()
