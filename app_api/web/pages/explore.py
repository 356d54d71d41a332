"""Explore: some comments, and what the system decides about them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app_api.access import AUDITORS
from app_api.problems import ProblemError
from app_api.routers.audit.exploration import explored_comments
from app_api.services import Provided
from app_api.web.rendering import render_page
from app_api.web.report_words import shown_topic
from app_api.web.viewer import viewer_of

router = APIRouter(prefix="/app", include_in_schema=False)

AT_ONCE: Final = 20
_LARGEST_SEED: Final = 2**32

Decision = Literal["", "positive", "negative"]


@router.get("/explore")
def explore(
    request: Request,
    services: Provided,
    seed: Annotated[int, Query(ge=0, lt=_LARGEST_SEED)] = 0,
    topic: Annotated[str, Query(max_length=200)] = "",
    keyword: Annotated[str, Query(max_length=1_000)] = "",
    decision: Decision = "",
) -> Response:
    """Show a sample of the comments that meet the conditions; another seed shows others.

    All of it stands in the address, so that going back shows what one saw before.
    """
    viewer = viewer_of(request)
    chosen = {"topic": topic, "keyword": keyword, "decision": decision}
    try:
        view = services.audit.corpus()
    except ProblemError as problem:
        if problem.kind != "no-corpus":
            raise
        return render_page(request, "explore_empty.html.jinja", title="Explore")
    known = topic in view.topics.position
    found: int = 0
    rows: list[dict[str, Any]] = []
    if known or not topic:
        found, rows = explored_comments(
            view,
            AT_ONCE,
            seed,
            topic=topic or None,
            keyword=keyword or None,
            system_positive={"positive": True, "negative": False}.get(decision),
        )
    return render_page(
        request,
        "explore.html.jinja",
        title="Explore",
        rows=rows,
        n_found=found,
        n_comments=len(view.table),
        topics=_topics(view),
        topic_known=known or not topic,
        chosen=chosen,
        others=f"/app/explore?{_query(chosen, seed=(seed + 1) % _LARGEST_SEED)}",
        words=shown_topic,
        audit=lambda topic: f"/app/audit?{urlencode({'topic': topic})}",
        narrowed=any(chosen.values()),
        scale=view.scale,
        may_write=viewer.role in AUDITORS,
    )


def _topics(view: Any) -> list[tuple[str, str]]:
    """Return names and words of the topics."""
    from labelaudit_dagster.auditing.views import topic_choices

    return [(one.topic, shown_topic(one.topic)) for one in topic_choices(view.topics)]


def _query(chosen: dict[str, str], *, seed: int) -> str:
    fields = {name: value for name, value in chosen.items() if value}
    return urlencode({**fields, "seed": seed}, errors="replace")
