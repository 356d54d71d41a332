"""Charts as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelaudit_dagster.constitution.charts.style import Chart


def to_png(chart: Chart, scale: float = 2.0) -> bytes:
    """Return a chart as a PNG, rendered without a network.

    Args:
        chart: what a function of this module returns.
        scale: pixels per unit of the chart's size.
    """
    import vl_convert

    # Tests validate every chart against the Vega-Lite schema; here that would only cost time.
    specification = chart.to_json(validate=False)
    png: bytes = vl_convert.vegalite_to_png(specification, scale=scale, allowed_base_urls=[])
    return png
