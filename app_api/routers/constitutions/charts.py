"""Charts of the constitution as Vega-Lite specifications, with their data inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app_api.constitutions import ConstitutionView, Reading
from app_api.constitutions.status_log import bring_up_to_date, known_to_the_log, logged_history
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problems import ProblemError
from app_api.read_answers import document_answer
from app_api.routers.audit.table_responses import CHART_RESPONSES
from app_api.routers.constitutions.parameters import GuidelineInPath, OfVersion
from app_api.services import Provided
from app_api.tabular import records
from labelaudit_dagster.status_history import guideline_rows, version_rows

router = APIRouter(
    prefix="/v1/constitution/charts", tags=["charts"], route_class=EncodedSegmentRoute
)

MOST_DRAWN: Final = 60
"""Constitutions in the chart of a guideline, the newest; each is read whole."""

ChartName = Literal[
    "accepted", "bridging", "threshold", "tests", "raters", "certainty", "convergence", "starts",
    "who-took-part",
]  # fmt: skip


@router.get(
    "/perspectives/{guideline}",
    summary="Who finds a guideline helpful, along the range of perspectives",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def perspectives(
    request: Request, reader: Reading, guideline: GuidelineInPath, version: OfVersion = None
) -> Response:
    """Draw helpful and not helpful ratings by band of perspective; small bands are hidden."""
    view = reader.at(version)
    record = view.guideline(guideline)

    def draw() -> bytes:
        from labelaudit_dagster.constitution.charts import perspective_chart

        return orjson.dumps(
            perspective_chart(record["text"], view.bands().rows(guideline)).to_dict()
        )

    return document_answer(request, view.state, draw)


@router.get(
    "/history",
    summary="How many guidelines each constitution accepts, and how many entered and left",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def history(request: Request, services: Provided) -> Response:
    """Draw the constitutions of the status log, the newest 400."""
    state = bring_up_to_date(services)

    def draw() -> bytes:
        from labelaudit_dagster.constitution.charts import versions_chart

        rows = version_rows(logged_history(services, None).constitutions)
        return orjson.dumps(versions_chart(rows).to_dict())

    return document_answer(request, state, draw)


@router.get(
    "/history/{guideline}",
    summary="A guideline's intercept and status in one constitution after the other",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def guideline_history(
    request: Request, services: Provided, reader: Reading, guideline: GuidelineInPath
) -> Response:
    """Draw a guideline over time: every kept constitution, and those that changed its status."""
    state = bring_up_to_date(services)
    last = known_to_the_log(services, guideline)
    if last is None:
        raise ProblemError("not-found", "No constitution knew a guideline of that id.")

    def record_of(version: str) -> dict[str, Any] | None:
        try:
            return reader.at(version).by_id.get(guideline)
        except ProblemError:
            return None  # pruned

    def draw() -> bytes:
        from labelaudit_dagster.constitution.charts import guideline_history_chart

        found = logged_history(services, guideline)
        newest = found.constitutions[:MOST_DRAWN]
        rows = guideline_rows(newest, found.changes, record_of)
        return orjson.dumps(guideline_history_chart(last.text, rows).to_dict())

    # Uncertainty, which is drawn too, may come after the constitution.
    current = reader.current_or_none()
    return document_answer(request, f"{state} {current and current.state}", draw)


@router.get(
    "/{chart}",
    summary="A chart of the constitution",
    response_class=Response,
    responses=CHART_RESPONSES,
)
def chart(
    request: Request,
    reader: Reading,
    chart: Annotated[
        ChartName,
        Path(
            description=(
                "`accepted`: the constitution by score; `bridging`: every guideline by intercept "
                "and factor; `threshold`: the closest decisions; `tests`: how many pass what; "
                "`raters`: how people spread between perspectives; `certainty`: P(accepted); "
                "`convergence` and `starts`: how the solution was found; `who-took-part`: raters "
                "by what is known of them."
            )
        ),
    ],
    version: OfVersion = None,
) -> Response:
    """Draw one of the charts that the documentation of the constitution names."""
    view = reader.at(version)

    def make() -> bytes:
        return view.remembered(
            f"chart {chart}", lambda: orjson.dumps(_DRAWN[chart](view).to_dict())
        )

    return document_answer(request, view.state, make)


def _accepted(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import accepted_chart

    return accepted_chart(view.document, interval_level=view.interval_level)


def _bridging(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import intercept_factor_chart

    return intercept_factor_chart(view.document)


def _threshold(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import threshold_chart

    return threshold_chart(view.document)


def _tests(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import passing_chart

    return passing_chart(view.document)


def _raters(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import rater_factor_histogram
    from labelaudit_dagster.factorization.tables import factor_columns

    return rater_factor_histogram(factor_columns(view.raters()))


def _certainty(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import acceptance_probability_histogram

    shares = view.p_accepted()
    if not shares:
        raise ProblemError(
            "not-found",
            "The uncertainty of this version is not known; it is computed by "
            "labelaudit run constitution.",
        )
    return acceptance_probability_histogram(shares)


def _convergence(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import convergence_chart

    trajectory, parameters = view.trajectory(), view.document["parameters"]
    exact = view.document["solver"]["method"] == "exact"
    return convergence_chart(
        trajectory["loss"].to_numpy(),
        trajectory["kkt"].to_numpy() if "kkt" in trajectory else [],
        tolerance=parameters["tolerance"] if exact else None,
        step_name="sweep" if exact else "iteration",
    )


def _starts(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import candidates_chart

    return candidates_chart(view.document["solver"].get("candidates", []))


def _who_took_part(view: ConstitutionView) -> Any:
    from labelaudit_dagster.constitution.charts import who_took_part_chart

    return who_took_part_chart(records(view.who_took_part()), len(view.raters()))


_DRAWN: Final[Mapping[ChartName, Callable[[ConstitutionView], Any]]] = {
    "accepted": _accepted,
    "bridging": _bridging,
    "threshold": _threshold,
    "tests": _tests,
    "raters": _raters,
    "certainty": _certainty,
    "convergence": _convergence,
    "starts": _starts,
    "who-took-part": _who_took_part,
}
