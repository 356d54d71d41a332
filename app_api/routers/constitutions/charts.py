"""Charts of the constitution as Vega-Lite specifications, with their data inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app_api.constitutions import ConstitutionView, Reading
from app_api.encoded_segments import EncodedSegmentRoute
from app_api.problems import ProblemError
from app_api.read_answers import document_answer
from app_api.routers.audit.table_responses import CHART_RESPONSES
from app_api.routers.constitutions.parameters import GuidelineInPath, OfVersion
from app_api.tabular import records

router = APIRouter(
    prefix="/v1/constitution/charts", tags=["charts"], route_class=EncodedSegmentRoute
)

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
