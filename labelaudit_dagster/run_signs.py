"""Signs of life of runs: a lock file that the system frees when the process dies.

A run whose process was killed stays "started" for Dagster, and would keep its place in the queue
for ever. So does one that ended while the disk was full, since nobody could write that it did.
The file of a run that is under way is locked; that of one that is over is not, and stays until
Dagster knows.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from labelaudit_dagster.home import HomeError
from labelaudit_dagster.settings import Settings

_RUN_ID = re.compile(r"[0-9a-f-]{1,64}")
_FOLDER = "runs-under-way"
_TIME_TO_TELL_SECONDS = 30.0


@contextmanager
def alive(settings: Settings, run_id: str, *, told: bool = False) -> Iterator[None]:
    """Show that a run is under way while the block lasts.

    Args:
        settings: names the home.
        run_id: the run.
        told: whether Dagster knows how the run ended when the block has ended well; else the sign
            stays until `lost_runs_sensor` sees that it does.

    Raises:
        HomeError: if the sign cannot be made.
    """
    path = _sign(settings, run_id)
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except (OSError, Timeout) as error:
        raise HomeError(
            f"Run {run_id} cannot show that it is under way in {path.parent} ({error}). "
            "Free space or mend its permissions."
        ) from error
    try:
        yield
        if told:
            # Removed while it is locked, so that nobody locks a file that is about to go.
            forget_sign(settings, run_id)
    finally:
        with suppress(OSError):
            os.utime(path)
        lock.release()


def has_died(settings: Settings, run_id: str) -> bool:
    """Whether a run has shown that it was under way, and was over a while ago.

    A run that never showed anything may be one of another machine, and is left alone.
    """
    path = _sign(settings, run_id)
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return False
    if 0 <= age < _TIME_TO_TELL_SECONDS:
        return False  # it may be about to tell Dagster that it has ended
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (OSError, Timeout):
        return False
    lock.release()
    return True


def runs_with_signs(settings: Settings) -> list[str]:
    """Return the runs that have shown that they were under way and were not forgotten."""
    return sorted(path.stem for path in (settings.dagster_home / _FOLDER).glob("*.lock"))


def forget_sign(settings: Settings, run_id: str) -> None:
    """Remove what a run left that is over."""
    with suppress(OSError):
        _sign(settings, run_id).unlink()


def _sign(settings: Settings, run_id: str) -> Path:
    if _RUN_ID.fullmatch(run_id) is None:
        raise ValueError(f"{run_id!r} is no id of a run")
    return settings.dagster_home / _FOLDER / f"{run_id}.lock"
