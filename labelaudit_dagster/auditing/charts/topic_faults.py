"""The topics in which the system most surely decides otherwise than a person would."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import altair as alt

from labelaudit_dagster.auditing.charts.messages import message_chart
from labelaudit_dagster.auditing.charts.specification import Rows, Spec, filled, named, template
from labelaudit_dagster.auditing.charts.style import (
    INK,
    OVER_COLOUR,
    UNDER_COLOUR,
    WIDTH,
    counted,
    safe_text,
)
from labelaudit_dagster.auditing.views.topic_words import distinct_topic_words

if TYPE_CHECKING:
    import pandas as pd

MOST_TOPICS: Final = 12
_ROW: Final = 30
_KINDS: Final = {
    "over-sensitive: flags what you would not": OVER_COLOUR,
    "under-sensitive: lets pass what you would flag": UNDER_COLOUR,
}


def topic_disagreement_chart(
    ranked: pd.DataFrame, *, person: str = "you", most: int = MOST_TOPICS
) -> Spec:
    """Draw the shares of comments that the system flags or misses wrongly, by topic.

    Args:
        ranked: what `disagreement.topic_disagreement` gave.
        person: whose view it is, for the title.
        most: how many topics to show, the severest first.
    """
    title = f"Where the system disagrees with {safe_text(person, 60)}"
    leading = ranked[ranked["severity"] > 0].head(most)
    if leading.empty:
        return message_chart(title, "The system decides as the model does in every topic.")
    over, under = _KINDS
    words = distinct_topic_words(leading["topic"])
    rows: Rows = []
    for place, row in enumerate(leading.to_dict("records")):
        for kind, name, sign in ((over, "over", 1), (under, "under", -1)):
            rows.append(
                {
                    "place": place,
                    "topic": safe_text(str(row["topic"]), 44),
                    "label": f"{safe_text(words[row['topic']], 36)}  ({row['n_comments']:,})",
                    "kind": kind,
                    "share": sign * row[f"share_{name}"],
                    "low": sign * row[f"{name}_low"],
                    "high": sign * row[f"{name}_high"],
                    "size": row[f"share_{name}"],
                    "n": row[f"n_{name}"],
                    "n_comments": row["n_comments"],
                    "leads": bool(row["direction"].startswith(name)),
                }
            )
    spec = filled(
        _template(),
        {"topics": rows},
        title,
        [
            f"Share of each topic's comments; {counted(len(leading), 'topic')} of"
            f" {len(ranked):,}, the surest first.",
            "Whiskers: 90 % intervals. In brackets: comments of the topic",
        ],
    )
    spec["height"] = _ROW * len(leading)
    ends = [row["high"] if row["leads"] else row["share"] for row in rows]
    for layer in spec["layer"]:
        layer["encoding"]["x"]["scale"]["domain"] = [min(*ends, -0.05), max(*ends, 0.05)]
    return spec


@lru_cache(maxsize=1)
def _template() -> str:
    base = alt.Chart(named("topics"))
    y = alt.Y(
        "label:N",
        sort=alt.EncodingSortField("place", op="min"),
        title=None,
        axis=alt.Axis(labelLimit=330, ticks=False, domain=False),
    )
    axis = alt.Axis(labelExpr="format(abs(datum.value), '.0%')", tickCount=8)
    domain = alt.Scale(domain=[-1, 1], nice=False, clamp=True)
    x = alt.X("share:Q", title="← lets pass wrongly · flags wrongly →", axis=axis, scale=domain)
    tooltips = [
        alt.Tooltip("topic:N", title="Topic"),
        alt.Tooltip("kind:N", title="The system is"),
        alt.Tooltip("size:Q", title="Share", format=".1%"),
        alt.Tooltip("n:Q", title="Such comments", format=",d"),
        alt.Tooltip("n_comments:Q", title="Comments", format=",d"),
    ]
    bars = base.mark_bar(height=16).encode(
        y=y,
        x=x,
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=list(_KINDS), range=list(_KINDS.values())),
            legend=alt.Legend(labelLimit=400, columns=1),
        ),
        opacity=alt.condition("datum.leads", alt.value(1), alt.value(0.35)),
        tooltip=tooltips,
    )
    whiskers = (
        base.transform_filter("datum.leads")
        .mark_rule(color=INK, strokeWidth=1.5)
        .encode(y=y, x=alt.X("low:Q", scale=domain, axis=axis), x2="high:Q")
    )
    zero = (
        base.mark_rule(color=INK, strokeWidth=1)
        .encode(x=alt.X("zero:Q", scale=domain, axis=axis))
        .transform_calculate(zero="0")
    )
    return template(alt.layer(bars, whiskers, zero).properties(width=WIDTH, height=_ROW))
