"""The look that the charts of an audit share: colours, titles, axes, safe texts.

Blue, orange and green are from Okabe and Ito's palette, which colour-blind readers can tell
apart; shapes or places repeat what colours say. The two contract plots of squares have the
contract's colours, in which lightness alone tells agreement from error.
"""

from __future__ import annotations

from typing import Any, Final

import altair as alt

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.constitution.table import one_line

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY, LIGHT, INK = "#7A7A7A", "#B8B8B8", "#222222"
WIDTH: Final = 640
UNDER_COLOUR, OVER_COLOUR = "#E69F00", "#56B4E9"
NEGATIVE_SIDE, POSITIVE_SIDE = "#F4F8FC", "#FBF5F0"
"""Backgrounds below and above the threshold."""

_LONGEST_READ: Final = 2_000


def safe_text(text: str, longest: int) -> str:
    """Return a text on one line without control and direction characters, shortened.

    Vega draws texts and tooltips as text, never as HTML, so that markup needs no escaping.
    """
    line = " ".join(text[:_LONGEST_READ].split())
    if line.isprintable() and len(line) <= longest:
        return line
    return one_line(line, longest)


def rating_axis(scale: RatingScale, title: str, **options: Any) -> dict[str, Any]:
    """Return title, scale and axis of an encoding on which ratings lie."""
    low, high = scale.values[0], scale.values[-1]
    return {
        "title": title,
        "scale": alt.Scale(domain=[low, high], nice=False, zero=False),
        # Where eleven numbers would all but touch each other, every other one is left out.
        "axis": alt.Axis(values=list(scale.values), format=".4~g", labelSeparation=3, **options),
    }


def scale_words(scale: RatingScale) -> str:
    """Return the ends of the scale in words, such as "0 = not at all toxic … 4 = …"."""
    low, high = (safe_text(scale.labels[end], 40) for end in (0, -1))
    ends = f"{scale.values[0]:g}", f"{scale.values[-1]:g}"
    # Labels that are numbers say nothing more, and mislead where the scale has been mapped.
    if _is_number(low) and _is_number(high):
        return f"{ends[0]} to {ends[1]}"
    return f"{ends[0]} = {low}, {ends[1]} = {high}"


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def finish(chart: Any) -> Any:
    """Give a chart a place for its title and the look that all of them share."""
    return (
        chart.properties(
            title=alt.Title(
                "",
                subtitle="",
                anchor="start",
                fontSize=18,
                subtitleFontSize=13,
                subtitleColor="#555555",
                offset=14,
                subtitlePadding=5,
            ),
            padding=16,
            background="white",
        )
        .configure(font="DejaVu Sans, Arial, sans-serif")
        .configure_axis(
            labelFontSize=12,
            titleFontSize=13,
            titleFontWeight="normal",
            gridColor="#EEEEEE",
            labelColor=INK,
            titleColor=INK,
        )
        .configure_legend(orient="top", labelFontSize=13, symbolSize=110, offset=8)
        .configure_view(stroke=None)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
