"""The built-in sample: a made-up community and a made-up corpus, for demonstrations and tests.

`community` and `planted`: a hundred guidelines for an AI assistant in eight topics, written for
this project, and ratings simulated from three opinion groups. Each guideline has a declared kind,
so that it is known what a constitution should find:

- `consensus`: everybody likes it; it belongs into the constitution.
- `polarising`: one group likes it and another does not; it does not belong there, though a
  majority may support it.
- `unpopular`: hardly anybody likes it.
- `ordinary`: opinions differ from person to person.

`corpus`: forum comments of sixteen themes, ratings of them by people of three opinion groups, and
the scores of a system that is wrong about two themes, which `planted_faults` names. `demo_user`
is a simulated person whose twenty labels are enough to find them. `docs/sample.md` says more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelaudit_dagster.sample.comment_grammar import THEMES
    from labelaudit_dagster.sample.corpus_simulation import (
        corpus,
        planted_faults,
        planted_themes,
    )
    from labelaudit_dagster.sample.demo_person import DEMO_MODEL, DEMO_USER, DemoUser, demo_user
    from labelaudit_dagster.sample.simulation import KINDS, community, planted
    from labelaudit_dagster.sample.system_faults import (
        OVER_SENSITIVE,
        UNDER_SENSITIVE,
        PlantedFault,
    )

__all__ = [
    "DEMO_MODEL",
    "DEMO_USER",
    "KINDS",
    "OVER_SENSITIVE",
    "THEMES",
    "UNDER_SENSITIVE",
    "DemoUser",
    "PlantedFault",
    "community",
    "corpus",
    "demo_user",
    "planted",
    "planted_faults",
    "planted_themes",
]

_LOADED_ON_USE = {
    "DEMO_MODEL": "demo_person",
    "DEMO_USER": "demo_person",
    "DemoUser": "demo_person",
    "KINDS": "simulation",
    "OVER_SENSITIVE": "system_faults",
    "PlantedFault": "system_faults",
    "THEMES": "comment_grammar",
    "UNDER_SENSITIVE": "system_faults",
    "community": "simulation",
    "corpus": "corpus_simulation",
    "demo_user": "demo_person",
    "planted": "simulation",
    "planted_faults": "corpus_simulation",
    "planted_themes": "corpus_simulation",
}


def __getattr__(name: str) -> Any:
    if name in _LOADED_ON_USE:
        return getattr(import_module(f"{__name__}.{_LOADED_ON_USE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
