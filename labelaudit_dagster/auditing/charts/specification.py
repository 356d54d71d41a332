"""Charts as Vega-Lite specifications: drawn once as templates, filled with data at each call.

Altair's validation takes longer than everything else that a view does, and most of it goes into
looking at data. So each chart is built and validated once without data, and its rows are put into
the top-level `datasets` afterwards, under the names that its layers refer to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import altair as alt

from labelaudit_dagster.auditing.charts.style import finish

Spec: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[dict[str, Any]]

NAMED_DATA: Final = "data"


def named(name: str) -> alt.NamedData:
    """Return a reference to rows that `filled` brings."""
    return alt.NamedData(name)


def template(chart: Any) -> str:
    """Return the validated specification of a chart as text, with its data named per layer.

    Altair lifts data that all layers share to the top; here every layer keeps its own reference,
    since clients look for the name in the first layer.
    """
    specification: Spec = finish(chart).to_dict()
    shared = specification.pop(NAMED_DATA, None)
    specification.pop("datasets", None)
    if shared is not None:
        for layer in specification.get("layer", [specification]):
            layer.setdefault(NAMED_DATA, shared)
    return json.dumps(specification, allow_nan=False)


def filled(
    text: str, datasets: Mapping[str, Rows], title: str, subtitle: str | list[str] = ""
) -> Spec:
    """Return a specification of its own from a template.

    Args:
        text: what `template` gave.
        datasets: rows by the names that the layers refer to.
        title: what the chart shows.
        subtitle: a line, or lines, below it.
    """
    specification: Spec = json.loads(text)
    specification["title"]["text"] = title
    specification["title"]["subtitle"] = subtitle
    specification["datasets"] = dict(datasets)
    return specification
