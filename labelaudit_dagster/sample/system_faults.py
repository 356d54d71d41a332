"""The two faults that the sample's system has, and that an audit has to find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OVER_SENSITIVE: Final = "over-sensitive"
"""The system calls toxic what people do not."""

UNDER_SENSITIVE: Final = "under-sensitive"
"""The system lets pass what people call toxic."""


@dataclass(frozen=True)
class PlantedFault:
    """One fault of the sample's system.

    Attributes:
        theme: Theme of the comments.
        direction: `OVER_SENSITIVE` or `UNDER_SENSITIVE`.
        item_ids: The comments of the theme, ascending.
    """

    theme: str
    direction: str
    item_ids: tuple[int, ...]


@dataclass(frozen=True)
class FaultyTheme:
    """A theme on which the system is wrong.

    Attributes:
        theme: Its name.
        direction: `OVER_SENSITIVE` or `UNDER_SENSITIVE`.
        shift: What is added to the system's score there (levels).
    """

    theme: str
    direction: str
    shift: float


FAULTY_THEMES: Final = (
    # Players speak of killing, burning and shooting, and mean the game.
    FaultyTheme("games", OVER_SENSITIVE, 2.3),
    # Contempt for parents, put politely: no word of it is on any list.
    FaultyTheme("parenting", UNDER_SENSITIVE, -2.2),
)
