"""Whose data a route is about, and whether the caller may have them: parameters of paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path

from app_api.audit import ModelView, UserView
from app_api.callers import Calling, require_may_read, require_own
from app_api.problems import ProblemError
from app_api.services import Provided

_LONGEST = 2_000

UserInPath = Annotated[
    str,
    Path(
        alias="user",
        max_length=_LONGEST,
        description="A person's id, as one percent-encoded segment (`/` is `%2F`).",
        examples=["anna"],
    ),
]
ModelInPath = Annotated[
    str,
    Path(
        alias="model",
        max_length=_LONGEST,
        description="Name of a personal model, as one percent-encoded segment.",
        examples=["my_model"],
    ),
]


async def _readable(user: UserInPath, caller: Calling) -> str:
    require_may_read(caller, user)
    return user


async def _own(user: UserInPath, caller: Calling) -> str:
    require_own(caller, user)
    return user


ReadableUser = Annotated[str, Depends(_readable)]
"""The user of a path whose data are only read."""

OwnUser = Annotated[str, Depends(_own)]
"""The user of a path for whom something is changed."""


@dataclass(frozen=True, eq=False)
class Results:
    """A model's current results.

    Attributes:
        view: All results of the person, of one generation.
        model: What is known of the model.
    """

    view: UserView
    model: ModelView

    @property
    def state(self) -> str:
        """Names the versions that answers are made from."""
        return f"{self.view.version} {self.view.corpus.version}"


def _current_results(user: ReadableUser, model: ModelInPath, services: Provided) -> Results:
    view = services.audit.user(user)
    found = None if view is None else view.models.get(model)
    if view is None or found is None:
        raise ProblemError(
            "not-found",
            "This model has no results. Give it labels, then train it with POST …/trainings.",
        )
    return Results(view, found)


CurrentResults = Annotated[Results, Depends(_current_results)]
"""The results of the model of a path; 404 where there are none."""
