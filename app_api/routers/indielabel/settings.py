"""What the client needs to start: who somebody is, their models, the topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app_api.audit import UserView
from app_api.callers import Caller, Calling, require_may_read
from app_api.problems import ProblemError
from app_api.routers.indielabel.answers import json_answer
from app_api.routers.indielabel.given import GivenText, Parameters
from app_api.services import Provided, Services
from labelaudit_dagster.store import list_users

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.views import TopicIndex

router = APIRouter(tags=["indielabel"])

PERFORMANCE_METRICS: Final = (
    "Average rating difference",
    "Mean Absolute Error (MAE)",
    "Root Mean Squared Error (RMSE)",
    "Mean Squared Error (MSE)",
)
MODEL_NAME_SUGGESTION: Final = "my_model"
_ATTEMPTS: Final = 100


class SettingsQuery(Parameters):
    """Whose settings."""

    user: GivenText = Field(default=None, description="User; not given: a name is invented.")
    scaffold_method: GivenText = Field(default=None, description="Scaffold of the page.")


class UserQuery(Parameters):
    """Whose models."""

    user: GivenText = Field(default=None, description="User.")


@router.get(
    "/audit_settings",
    summary="Models of a user and topics of the corpus",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def audit_settings(
    query: Annotated[SettingsQuery, Query()], services: Provided, caller: Calling
) -> Response:
    """Give names of models and topics; without a user a name that is not taken. Keeps nothing."""
    from labelaudit_dagster.auditing.views import grouped_topics, is_group_model

    user, view = user_and_view(services, caller, query.user)
    corpus = services.audit.corpus() if view is None else view.corpus
    models = [] if view is None else list(view.models)
    groups = grouped_topics(corpus.topics, models, user=user, scaffold=query.scaffold_method)
    return json_answer(
        {
            "personalized_models": models,
            "personalized_model_grp": [name for name in models if is_group_model(name)],
            "perf_metrics": PERFORMANCE_METRICS,
            "clusters": [
                {**group, "options": group["options"] or outlier_options(corpus.topics)}
                for group in groups
            ],
            "clusters_for_tuning": tuning_options(corpus.topics),
            "user": invented_name(services) if user is None else user,
        }
    )


@router.get(
    "/get_labeling",
    summary="What the page for labelling starts from",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def get_labeling(
    query: Annotated[UserQuery, Query()], services: Provided, caller: Calling
) -> Response:
    """Give a user's models, a name for a new one, and the topics that can be tuned to."""
    _, view = user_and_view(services, caller, query.user)
    corpus = services.audit.corpus() if view is None else view.corpus
    # Somebody who labels is going to train soon.
    services.trainer.warm_soon()
    return json_answer(
        {
            "personalized_models": [] if view is None else list(view.models),
            "model_name_suggestion": MODEL_NAME_SUGGESTION,
            "clusters_for_tuning": tuning_options(corpus.topics),
        }
    )


def user_and_view(
    services: Services, caller: Caller, user: str | None
) -> tuple[str | None, UserView | None]:
    """Return who a reading request is about, and their results where there are any.

    Without a name that is the caller, where they are somebody in particular.

    Raises:
        ProblemError: `forbidden`; it is about somebody else, whom the caller may not read.
    """
    who = caller.subject if user is None else user
    if who is None:
        return None, None
    require_may_read(caller, who)
    return who, services.audit.user(who)


def tuning_options(topics: TopicIndex) -> list[dict[str, Any]]:
    """Return the topics that a model can be tuned to; never empty while there is a comment."""
    from labelaudit_dagster.auditing.views import tuning_choices

    return [choice.option() for choice in tuning_choices(topics)] or outlier_options(topics)


def outlier_options(topics: TopicIndex) -> list[dict[str, Any]]:
    """Return the outliers as the only topic, for a corpus in which no topic was found."""
    return [
        {"value": int(number), "text": name}
        for number, name in zip(topics.ids, topics.names, strict=True)
    ][:1]


def invented_name(services: Services) -> str:
    """Return two words as a name that nobody has; nothing is kept.

    Raises:
        ProblemError: None was found.
    """
    from coolname import generate

    taken = set(list_users(services.database)) | set(services.audit.users())
    for _ in range(_ATTEMPTS):
        name = "_".join(generate(2))
        if name not in taken:
            return name
    raise ProblemError("unavailable", "No free name was found; ask again, or name the user.")
