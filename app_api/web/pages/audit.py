"""The audit: where the system decides otherwise than a person would."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.problems import ProblemError
from app_api.services import Provided, Services
from app_api.web.rendering import render_page
from app_api.web.viewer import acting_name, viewer_of
from labelaudit_dagster.artifacts import ArtifactError

router = APIRouter(prefix="/app", include_in_schema=False)


@router.get("/audit")
def audit(request: Request, services: Provided) -> Response:
    """Show topics, comments and groups.

    The query holds the view, so that going back, reloading and sending a link restore it: `model`,
    `topic` or `keyword`, `error`, `method`, `compare` (a column of the crowd) and `mode=no_model`.
    """
    user = acting_name(request)
    trained = _trained(services, user)
    query = request.query_params
    return render_page(
        request,
        "audit.html.jinja",
        title="Audit",
        user=user,
        may_label=viewer_of(request).role != "analyst",
        trained=json.dumps(trained),
        # Room is kept for what is going to be shown, so that nothing moves when it comes.
        with_results=bool(query.get("topic") or query.get("keyword")),
        with_model=bool(trained) and query.get("mode") != "no_model",
    )


def _trained(services: Services, user: str) -> list[str]:
    """Return the person's models that can be asked, so that the page asks at once."""
    try:
        view = services.audit.user(user)
    except (ProblemError, ArtifactError):
        # The page meets the same at its first question, and says so.
        return []
    return [] if view is None else sorted(view.models)
