"""Which comments a person wants to see: all, or those where the system seems to err."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

UNDER_SENSITIVE: Final = "System is under-sensitive"
OVER_SENSITIVE: Final = "System is over-sensitive"
AGREEMENT: Final = "Show errors and non-errors"
"""The error type of a report; what a *row* may say differs by "may be", see `decisions`."""


class ErrorFilter(StrEnum):
    """A filter of results by the type of error."""

    ALL = "all"
    BOTH = "both"
    UNDER = "under"
    OVER = "over"

    @classmethod
    def from_text(cls, text: str | None) -> ErrorFilter:
        """Read the words of the compatible routes and our own; anything else means no filter."""
        return _WORDS.get((text or "").strip().lower(), cls.ALL)


_WORDS: Final = {
    **{str(member): member for member in ErrorFilter},
    UNDER_SENSITIVE.lower(): ErrorFilter.UNDER,
    OVER_SENSITIVE.lower(): ErrorFilter.OVER,
    "system may be under-sensitive": ErrorFilter.UNDER,
    "system may be over-sensitive": ErrorFilter.OVER,
    "under-sensitive": ErrorFilter.UNDER,
    "over-sensitive": ErrorFilter.OVER,
}
