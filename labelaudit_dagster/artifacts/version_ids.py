"""Version identifiers: sortable by creation, unique among writers that know nothing of each other.

A version reads `20260131T120000.000001Z-9f8e7d6c5b`: the UTC time to the microsecond and forty
random bits. Text order is time order.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from labelaudit_dagster.artifacts.errors import ArtifactKeyError

_FORMAT = "%Y%m%dT%H%M%S.%fZ"
_VERSION = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-[0-9a-f]{10}")
_TICK = timedelta(microseconds=1)


def is_version(text: str) -> bool:
    """Whether the text has the form of a version identifier."""
    return _VERSION.fullmatch(text) is not None


def version_time(version: str) -> datetime:
    """Return the UTC time that a version carries.

    Raises:
        ArtifactKeyError: if the text is no version.
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ArtifactKeyError(f"{version!r} is no artifact version; take it from a manifest.")
    return datetime.strptime(match[1], _FORMAT).replace(tzinfo=UTC)


class VersionIssuer:
    """Issues versions that only ever increase, even when the clock goes back."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Take the clock; it returns timezone-aware times."""
        self._clock = clock
        self._lock = threading.Lock()
        self._last: datetime | None = None

    def now(self) -> datetime:
        """Return the clock's time in UTC."""
        return self._clock().astimezone(UTC)

    def issue(self, after: Iterable[str] = ()) -> str:
        """Return a new version, later than all that this issuer gave and than those in `after`."""
        floor = [version_time(version) + _TICK for version in after]
        with self._lock:
            if self._last is not None:
                floor.append(self._last + _TICK)
            moment = max([self.now(), *floor])
            self._last = moment
        return f"{moment.strftime(_FORMAT)}-{secrets.token_hex(5)}"
