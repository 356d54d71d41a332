"""A look into the corpus before any label."""

from __future__ import annotations

import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app_api.routers.indielabel.answers import json_answer, json_text
from app_api.routers.indielabel.given import GivenCount, Parameters
from app_api.services import Provided

router = APIRouter(tags=["indielabel"])

DEFAULT_EXAMPLES: Final = 20
MOST_EXAMPLES: Final = 500
_SEED_BITS: Final = 32


class ExamplesQuery(Parameters):
    """How many comments."""

    n_examples: GivenCount = Field(
        default=None, description="How many; 20 by default, at most 500."
    )


@router.get(
    "/get_explore_examples",
    summary="Random comments with the system's decision",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def get_explore_examples(query: Annotated[ExamplesQuery, Query()], services: Provided) -> Response:
    """Give rows as a JSON string in `examples`; all comments where there are fewer."""
    from labelaudit_dagster.auditing.views import exploration_sample

    n = DEFAULT_EXAMPLES if query.n_examples is None else min(query.n_examples, MOST_EXAMPLES)
    table = services.audit.corpus().contract_table
    rows = exploration_sample(table, n, seed=secrets.randbits(_SEED_BITS))
    return json_answer({"examples": json_text(rows)})
