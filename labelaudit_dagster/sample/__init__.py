"""The built-in sample: a made-up community with planted opinions, for demonstrations and tests.

A hundred guidelines for an AI assistant in eight topics, written for this project, and ratings
simulated from three opinion groups. Each guideline has a declared kind, so that it is known what
a constitution should find:

- `consensus`: everybody likes it; it belongs into the constitution.
- `polarising`: one group likes it and another does not; it does not belong there, though a
  majority may support it.
- `unpopular`: hardly anybody likes it.
- `ordinary`: opinions differ from person to person.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelaudit_dagster.sample.simulation import KINDS, community, planted

__all__ = ["KINDS", "community", "planted"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.simulation"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
