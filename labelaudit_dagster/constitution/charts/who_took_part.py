"""Chart of who took part: raters by what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from labelaudit_dagster.constitution.charts.style import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    WIDTH,
    Chart,
    finish,
    inline,
    message,
    panel_title,
)
from labelaudit_dagster.constitution.rater_groups import REST, UNKNOWN, VALUE
from labelaudit_dagster.constitution.table import one_line

MOST_GROUPS = 12
"""Groups of one column that are drawn; the others become one bar."""

_COLOURS = {VALUE: BLUE, REST: GREY, UNKNOWN: LIGHT}
_NAMES = {REST: "groups that are not shown", UNKNOWN: "not known"}
_OTHERS = "all other groups"
_LABEL_PIXELS = 250


def who_took_part_chart(rows: Sequence[Mapping[str, Any]], n_raters: int) -> Chart:
    """Draw one panel for each column, one bar for each group.

    Args:
        rows: records of `rater_groups`.
        n_raters: how many took part.
    """
    title = "Who took part"
    panels: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["n_raters"] is not None:
            panels.setdefault(row["column"], []).append(_bar(row))
    # A column that tells everybody apart, or nobody, has nothing to show.
    panels = {
        column: bars for column, bars in panels.items() if any(bar["kind"] == VALUE for bar in bars)
    }
    if not panels:
        return message(title, "Nothing is known of enough people to be shown.")
    largest = max(bar["count"] for bars in panels.values() for bar in bars)
    charts = [
        _panel(column, _fewer(bars), largest, last=number == len(panels) - 1)
        for number, (column, bars) in enumerate(panels.items())
    ]
    subtitle = [
        f"{n_raters:,} people who rated; groups of one to four are not shown,",
        "nor what would betray them by subtraction",
    ]
    return finish(alt.vconcat(*charts, spacing=14), title, subtitle)


def _bar(row: Mapping[str, Any]) -> dict[str, Any]:
    label = _NAMES.get(row["kind"]) or one_line(str(row["value"]), 36)
    return {
        "label": label,
        "kind": row["kind"],
        "count": int(row["n_raters"]),
        "share": float(row["share"]),
    }


def _fewer(bars: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the smallest values where there are many; what is joined was shown each for itself."""
    values = [bar for bar in bars if bar["kind"] == VALUE]
    if len(values) <= MOST_GROUPS:
        return bars
    joined = values[MOST_GROUPS - 1 :]
    other = {
        "label": _OTHERS,
        "kind": VALUE,
        "count": sum(bar["count"] for bar in joined),
        "share": sum(bar["share"] for bar in joined),
    }
    return [*values[: MOST_GROUPS - 1], other, *(bar for bar in bars if bar["kind"] != VALUE)]


def _panel(column: str, bars: list[dict[str, Any]], largest: int, *, last: bool) -> Any:
    named = _told_apart(bars)
    base = alt.Chart(inline(named)).encode(
        y=alt.Y(
            "label:N",
            sort=None,
            title=None,
            axis=alt.Axis(
                labelLimit=_LABEL_PIXELS, ticks=False, domain=False, minExtent=_LABEL_PIXELS
            ),
        ),
        tooltip=[
            alt.Tooltip("label:N", title="Group"),
            alt.Tooltip("count:Q", title="People", format=",d"),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    position = alt.X(
        "count:Q",
        scale=alt.Scale(domain=[0, largest * 1.15], nice=False),
        title="People" if last else None,
        axis=alt.Axis(tickMinStep=1, labels=last, ticks=last, format=",d"),
    )
    kinds = list(_COLOURS)
    colour = alt.Color(
        "kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[_COLOURS[k] for k in kinds])
    )
    mark = base.mark_bar(height=16).encode(x=position, color=colour)
    text = base.mark_text(align="left", dx=5, fontSize=12, color=INK).encode(
        x=position, text=alt.Text("count:Q", format=",d")
    )
    return (mark + text).properties(
        width=WIDTH - 120, height=24 * len(named), title=panel_title(one_line(column, 60))
    )


def _told_apart(bars: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number labels that look alike now that they are cut, so that each keeps its bar."""
    seen: dict[str, int] = {}
    named = []
    for bar in bars:
        label = bar["label"]
        seen[label] = seen.get(label, 0) + 1
        named.append({**bar, "label": label if seen[label] == 1 else f"{label} ({seen[label]})"})
    return named
