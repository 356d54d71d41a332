"""Groups of raters by what is known of them: how many they are, and a model of their opinion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.audit import CorpusView
from app_api.callers import Caller, Calling, require_own, user_or_self
from app_api.problems import ProblemError, field_problem
from app_api.routers.indielabel.answers import json_answer
from app_api.routers.indielabel.changes import check_change_by_get
from app_api.routers.indielabel.given import GivenText, Parameters, parameters_from, required
from app_api.routers.indielabel.training import Body, make_model, posted, trained_answer
from app_api.services import Provided, Services
from labelaudit_dagster.store import InvalidNameError, Label, add_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelaudit_dagster.auditing.groups import ContractGroup

router = APIRouter(tags=["indielabel"])

_SIZE: Final[dict[str, Any]] = {"type": "integer", "minimum": 0}


class GroupParameters(Parameters):
    """A group of raters; what is not given does not filter."""

    sel_gender: GivenText = Field(default=None, description="Male, Female, Nonbinary, …")
    sel_pol: GivenText = Field(default=None, description="Conservative, Liberal, …")
    sel_relig: GivenText = Field(default=None, description="Not important, … Very important.")
    sel_race: GivenText = Field(
        default=None, description="Races between commas; raters who have all of them."
    )
    sel_lgbtq: GivenText = Field(default=None, description="LGBTQ+ or Non-LGBTQ+.")

    def group(self) -> ContractGroup:
        """Return the group."""
        from labelaudit_dagster.auditing.groups import ContractGroup

        return ContractGroup(
            gender=self.sel_gender,
            politics=self.sel_pol,
            religion=self.sel_relig,
            race=self.sel_race,
            lgbtq=self.sel_lgbtq,
        )

    def chosen(self) -> dict[str, str]:
        """Return what was chosen, by parameter."""
        return {
            name: value
            for name in GroupParameters.model_fields
            if (value := getattr(self, name)) is not None
        }


class GroupModelParameters(GroupParameters):
    """A group, and the model beside which its model stands."""

    user: GivenText = Field(default=None, description="Whose model.")
    model_name: GivenText = Field(default=None, description="Name of the model.")


_ANSWER: Final[Any] = {
    200: {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["group_size"],
                    "properties": {
                        "group_size": _SIZE,
                        "mae": {"type": ["number", "null"]},
                        "new_model_name": {"type": ["string", "null"]},
                    },
                }
            }
        }
    }
}


@router.get(
    "/get_group_size",
    summary="How many raters a group has",
    response_class=Response,
    responses=_ANSWER,
)
def get_group_size(query: Annotated[GroupParameters, Query()], services: Provided) -> Response:
    """Count the raters who meet all conditions; 0 for fewer than five, or what betrays them."""
    return json_answer({"group_size": len(_members(services.audit.corpus(), query))})


@router.get(
    "/get_group_model",
    summary="Train a model of a group, by the original client",
    response_class=Response,
    responses=_ANSWER,
)
def get_group_model(
    request: Request,
    query: Annotated[GroupModelParameters, Query()],
    services: Provided,
    caller: Calling,
) -> Response:
    """As the POST, on an installation without tokens."""
    check_change_by_get(request, caller, services)
    return _group_model(query, services, caller)


@router.post(
    "/get_group_model",
    summary="Train a model of a group",
    response_class=Response,
    responses=_ANSWER,
    openapi_extra=posted(GroupModelParameters),
)
def post_group_model(body: Body, services: Provided, caller: Calling) -> Response:
    """Label twenty comments with the group's medians and train a model on them.

    A group of fewer than five is answered as empty, and no model is made.
    """
    return _group_model(parameters_from(GroupModelParameters, body), services, caller)


def _members(corpus: CorpusView, asked: GroupParameters) -> NDArray[np.object_]:
    from labelaudit_dagster.auditing.groups import shown_contract_members

    return shown_contract_members(corpus.raters(), asked.group())


def _group_model(asked: GroupModelParameters, services: Services, caller: Caller) -> Response:
    base = required(asked.model_name, "model_name")
    user = user_or_self(caller, asked.user)
    require_own(caller, user)
    corpus = services.audit.corpus()
    members = _members(corpus, asked)
    size = len(members)
    if not size:
        return json_answer({"group_size": 0, "mae": None, "new_model_name": None})
    name = asked.group().model_name(base)
    labels = _labels(services, corpus, members)
    make_model(services, user, name, kind="group", base=base, group=asked.chosen())
    try:
        add_labels(services.database, user, name, labels, now=services.now())
    except InvalidNameError as error:
        raise ProblemError("invalid-value", str(error)) from None
    status = services.trainer.train(user, name)
    document = {"group_size": size, "mae": _mae(services, user, name), "new_model_name": name}
    return trained_answer(document, status)


def _labels(services: Services, corpus: CorpusView, members: NDArray[np.object_]) -> list[Label]:
    import pandas as pd

    from labelaudit_dagster.auditing.groups import GroupError, group_labels

    table = corpus.table
    try:
        found = group_labels(
            corpus.comment_ratings(),
            members.tolist(),
            pd.DataFrame({"item_id": table.item_ids, "system_rating": table.system}),
            scale=corpus.scale,
            seed=services.settings.seed,
            training_items=table.item_ids[corpus.training_rows()],
        )
    except GroupError as error:
        raise field_problem("invalid-value", "sel_*", f"cannot be used: {error}") from None
    pairs = zip(found["item_id"].tolist(), found["rating"].tolist(), strict=True)
    return [Label(item, rating) for item, rating in pairs]


def _mae(services: Services, user: str, model: str) -> float | None:
    """Return how far the group's model is from the system, on 0 … 4."""
    from labelaudit_dagster.auditing.views import contract_unit

    view = services.audit.user(user)
    if view is None or model not in view.models:
        return None
    mae = view.models[model].metrics["mae"]
    return None if mae is None else float(mae) / contract_unit(view.corpus.scale)
