"""Locks by user, so that two trainings of one person follow each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from labelaudit_dagster.home import exclusive
from labelaudit_dagster.settings import Settings

_STRIPES = 64
"""Lock files in a home; users who share one wait for each other, which is harmless."""


@contextmanager
def users_locked(
    settings: Settings, users: Iterable[str], *, wait_seconds: float = 600.0
) -> Iterator[None]:
    """Hold the locks of some users, against other processes and threads.

    Locks are taken in one order everywhere, so that nobody waits in a circle. Do not nest.

    Args:
        settings: names the home.
        users: their ids.
        wait_seconds: longest wait for each lock.

    Raises:
        HomeError: if another process holds a lock for longer than that.
    """
    with _stripes_locked(settings, {_stripe(user) for user in users}, wait_seconds):
        yield


@contextmanager
def everybody_locked(settings: Settings, *, wait_seconds: float = 600.0) -> Iterator[None]:
    """Hold the locks of all users; as `users_locked`."""
    with _stripes_locked(settings, range(_STRIPES), wait_seconds):
        yield


@contextmanager
def _stripes_locked(
    settings: Settings, stripes: Iterable[int], wait_seconds: float
) -> Iterator[None]:
    with ExitStack() as held:
        for stripe in sorted(stripes):
            held.enter_context(
                exclusive(settings, f"training-{stripe:02d}", wait_seconds=wait_seconds)
            )
        yield


def _stripe(user: str) -> int:
    return hashlib.sha256(user.encode("utf-8")).digest()[0] % _STRIPES
