"""Signs of life of runs: a lock file that the system frees when the process dies.

A run whose process was killed stays "started" for Dagster, and would keep its place in the queue
for ever. The file of a run that is under way is locked; that of a dead one is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from labelaudit_dagster.home import HomeError
from labelaudit_dagster.settings import Settings

_RUN_ID = re.compile(r"[0-9a-f-]{1,64}")
_FOLDER = "runs-under-way"


@contextmanager
def alive(settings: Settings, run_id: str) -> Iterator[None]:
    """Show that a run is under way while the block lasts.

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
    finally:
        # Removed while it is locked, so that nobody locks a file that is about to go.
        with suppress(OSError):
            path.unlink()
        lock.release()


def has_died(settings: Settings, run_id: str) -> bool:
    """Whether a run has shown that it was under way, and its process is gone.

    A run that never showed anything may be one of another machine, and is left alone.
    """
    path = _sign(settings, run_id)
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (OSError, Timeout):
        return False
    lock.release()
    return True


def forget_sign(settings: Settings, run_id: str) -> None:
    """Remove what a dead run left."""
    with suppress(OSError):
        _sign(settings, run_id).unlink()


def _sign(settings: Settings, run_id: str) -> Path:
    if _RUN_ID.fullmatch(run_id) is None:
        raise ValueError(f"{run_id!r} is no id of a run")
    return settings.dagster_home / _FOLDER / f"{run_id}.lock"
