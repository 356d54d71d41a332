"""Does the constitution represent me: what somebody is expected to say, and what they said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.constitutions import ConstitutionView, Reading
from app_api.routers.constitutions.representations import represent
from app_api.services import Provided
from app_api.web.rendering import render_page
from app_api.web.viewer import acting_name
from labelaudit_dagster.store import list_guidelines, list_ratings

router = APIRouter(prefix="/app", include_in_schema=False)

SHOWN: Final = 12
"""Most guidelines of each kind."""

FEW: Final = 10
"""With fewer ratings the page says that the expectation is hardly about the person."""

_BINS: Final = 24


@dataclass(frozen=True)
class Standing:
    """Where a person stands among the raters, as a drawing of 100 units by 30.

    Attributes:
        bins: Left end, top and height of a bar for each part of the range.
        width: Of a bar.
        own: Place of the person.
        neutral: Place of zero.
        left: Percent of the raters who stand further to the left.
        right: Further to the right.
    """

    bins: tuple[tuple[float, float, float], ...]
    width: float
    own: float
    neutral: float
    left: int
    right: int


@router.get("/represent")
def page(request: Request, services: Provided, reader: Reading) -> Response:
    """Compare what is accepted with what the model expects of a person, and what they said."""
    person = acting_name(request)
    view = reader.current_or_none()
    if view is None:
        return render_page(
            request,
            "constitution_empty.html.jinja",
            title="Does it represent me?",
            n_guidelines=len(list_guidelines(services.database)),
        )
    found = represent(services, view, person, SHOWN)
    said = {row.guideline_id: row.helpful for row in list_ratings(services.database, person)}
    accepted = [said[key] for key in view.document["accepted"] if key in said]
    return render_page(
        request,
        "represent.html.jinja",
        title="Does it represent me?",
        found=found,
        few=found.n_ratings < FEW,
        said_helpful=sum(accepted),
        said_not=len(accepted) - sum(accepted),
        standing=_standing(view, found.factor[0]) if found.n_ratings else None,
    )


def _standing(view: ConstitutionView, own: float) -> Standing:
    factors = view.raters()["factor_0"].to_numpy(dtype=np.float64)
    reach = float(max(np.abs(factors).max(initial=0.0), abs(own), 1e-6)) * 1.04
    counts, _ = np.histogram(factors, bins=_BINS, range=(-reach, reach))
    width = 100 / _BINS
    tallest = max(int(counts.max(initial=0)), 1)
    heights = [round(26 * int(count) / tallest, 2) for count in counts]

    def place(factor: float) -> float:
        return round(100 * (factor + reach) / (2 * reach), 2)

    n = max(len(factors), 1)
    return Standing(
        bins=tuple(
            (round(at * width, 2), round(28 - height, 2), height)
            for at, height in enumerate(heights)
        ),
        width=round(width - 0.5, 2),
        own=place(own),
        neutral=place(0.0),
        left=round(100 * float(np.sum(factors < own)) / n),
        right=round(100 * float(np.sum(factors > own)) / n),
    )
