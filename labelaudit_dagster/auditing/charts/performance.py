"""How a model's error developed over its versions, against the bands of quality."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import altair as alt

from labelaudit_dagster.auditing.charts.messages import message_chart
from labelaudit_dagster.auditing.charts.specification import Rows, Spec, filled, named, template
from labelaudit_dagster.auditing.charts.style import BLUE, safe_text
from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views import band_ranges, contract_unit

PERFORMANCE_WIDTH: Final = 500
METRIC: Final = "Your MAE"
_LEAST_TOP: Final = 1.6
_BAND_COLOURS: Final = {"Good": "#DCEBDD", "Okay": "#F5EBCF", "Needs improvement": "#F3DCD6"}


def performance_chart(
    honest_errors: Sequence[float | None], model: str, *, scale: RatingScale
) -> Spec:
    """Draw the honest error of every version of a model.

    Args:
        honest_errors: by version from 0, the mean absolute error on the person's own labels,
            each predicted without itself, in units of the scale; None where it is not known.
        model: its name.
        scale: gives the bands their units.
    """
    title = f"Performance over model versions: {safe_text(model, 60)}"
    known = [(version, float(e)) for version, e in enumerate(honest_errors) if e is not None]
    rows: Rows = [{"version": version, "perf": error, "metric": METRIC} for version, error in known]
    if not rows:
        text = "Two labels or more are needed to tell how well the model predicts you."
        return message_chart(title, text, width=PERFORMANCE_WIDTH)
    top = max(_LEAST_TOP * contract_unit(scale), 1.1 * max(error for _, error in known))
    bands = [
        {"start": band.start, "stop": band.stop, "bkgd": band.name}
        for band in band_ranges(scale, top)
    ]
    spec = filled(
        _template(),
        {"bands": bands, "versions": rows},
        title,
        "Mean absolute error on your own labels, each predicted without itself; less is better",
    )
    low, high = -0.35, len(honest_errors) - 0.65
    for layer in spec["layer"]:
        layer["encoding"]["y"]["scale"]["domain"] = [0, top]
        layer["encoding"]["y"]["title"] = (
            f"MAE (points on the scale {scale.values[0]:g} to {scale.values[-1]:g})"
        )
    axis = spec["layer"][1]["encoding"]["x"]
    axis["scale"]["domain"] = [low, high]
    step = -(-len(honest_errors) // 12)
    axis["axis"]["values"] = list(range(0, len(honest_errors), step))
    return spec


@lru_cache(maxsize=1)
def _template() -> str:
    y_scale = alt.Scale(domain=[0, _LEAST_TOP], nice=False)
    bands = (
        alt.Chart(named("bands"))
        .mark_rect()
        .encode(
            y=alt.Y("start:Q", title="MAE", scale=y_scale),
            y2="stop:Q",
            color=alt.Color(
                "bkgd:N",
                title=None,
                scale=alt.Scale(domain=list(_BAND_COLOURS), range=list(_BAND_COLOURS.values())),
            ),
        )
    )
    line = (
        alt.Chart(named("versions"))
        .mark_line(color=BLUE, strokeWidth=2, point=alt.OverlayMarkDef(color=BLUE, size=70))
        .encode(
            x=alt.X(
                "version:Q",
                title="Version",
                scale=alt.Scale(domain=[0, 1], nice=False, zero=False),
                axis=alt.Axis(values=[0], format="d", grid=False),
            ),
            y=alt.Y("perf:Q", title="MAE", scale=y_scale),
            tooltip=[
                alt.Tooltip("metric:N", title="Metric"),
                alt.Tooltip("version:Q", title="Version", format="d"),
                alt.Tooltip("perf:Q", title="MAE", format=".3f"),
            ],
        )
    )
    return template(alt.layer(bands, line).properties(width=PERFORMANCE_WIDTH, height=260))
