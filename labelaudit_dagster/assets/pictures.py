"""Charts as Dagster metadata: a PNG inside a Markdown value, shown by the UI without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from labelaudit_dagster.constitution.charts import Chart

SCALE = 1.3
"""Pixels for each unit of a chart: as wide as the dialog in which the Dagster UI shows it."""


def picture(chart: Chart, text: str) -> dg.MarkdownMetadataValue:
    """Render a chart.

    Args:
        chart: an Altair chart.
        text: what it shows, for whoever cannot see it; plain words without brackets.
    """
    from labelaudit_dagster.constitution.charts import to_png

    return _embedded(to_png(chart, scale=SCALE), text)


def specification_picture(spec: Mapping[str, Any], text: str) -> dg.MarkdownMetadataValue:
    """Render a chart of the audit, given as its specification; see `picture`."""
    from labelaudit_dagster.auditing.charts import to_png

    return _embedded(to_png(spec, scale=SCALE), text)


def _embedded(png: bytes, text: str) -> dg.MarkdownMetadataValue:
    data = base64.b64encode(png).decode("ascii")
    return dg.MetadataValue.md(f"![{text}](data:image/png;base64,{data})")
