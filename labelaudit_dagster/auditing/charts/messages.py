"""A chart that says why there is nothing to draw."""

from __future__ import annotations

from functools import lru_cache

import altair as alt

from labelaudit_dagster.auditing.charts.specification import Spec, filled, named, template
from labelaudit_dagster.auditing.charts.style import INK, WIDTH


def message_chart(title: str, text: str, *, width: int = WIDTH) -> Spec:
    """Return a sentence in place of a picture, with a named data set as all charts have."""
    spec = filled(_template(), {"message": [{"text": text}]}, title)
    spec["width"] = width
    return spec


@lru_cache(maxsize=1)
def _template() -> str:
    line = alt.Chart(named("message")).mark_text(fontSize=15, color=INK).encode(text="text:N")
    return template(alt.layer(line).properties(width=WIDTH, height=120))
