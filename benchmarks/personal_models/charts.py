"""Is a probability of 30 % right in 30 of 100 cases? The reliability curve of P(above)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.compact_png import compact

if TYPE_CHECKING:
    import altair as alt

BINS = 10


def reliability(unseen: pd.DataFrame) -> pd.DataFrame:
    """Return predicted and observed shares by number of labels and bin of P(above).

    The interval is the bin's observed share ± 2 standard errors, which take the raters, not the
    ratings, as independent.
    """
    place = np.minimum((unseen["p_above"].to_numpy() * BINS).astype(int), BINS - 1)
    rows = []
    for (n, at), part in unseen.assign(bin=place).groupby(["n", "bin"]):
        observed = float(part["above"].mean())
        away = (part["above"] - observed).groupby(part["rater"]).sum()
        error = float(np.sqrt((away**2).sum())) / len(part)
        rows.append(
            {
                "labels": int(n),
                "bin": int(at),
                "ratings": len(part),
                "predicted": float(part["p_above"].mean()),
                "observed": observed,
                "low": max(observed - 2 * error, 0.0),
                "high": min(observed + 2 * error, 1.0),
            }
        )
    return pd.DataFrame(rows)


def draw(curve: pd.DataFrame, threshold: float, path: Path) -> None:
    """Draw the curve as a PNG."""
    import vl_convert

    png = vl_convert.vegalite_to_png(_chart(curve, threshold).to_dict(), scale=2)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(compact(png))


def _chart(curve: pd.DataFrame, threshold: float) -> alt.FacetChart:
    import altair as alt

    data = curve.assign(panel=curve["labels"].map("{} labels".format))
    order = [f"{n} labels" for n in sorted(curve["labels"].unique())]
    share = alt.Scale(domain=[0, 1])
    base = alt.Chart(data)
    right = base.mark_rule(strokeDash=[4, 4], color="#888").encode(
        x=alt.datum(0), y=alt.datum(0), x2=alt.datum(1), y2=alt.datum(1)
    )
    x = alt.X("predicted:Q", title=f"predicted P(rating > {threshold:g})", scale=share)
    bars = base.mark_rule(color="#4c78a8", opacity=0.6).encode(
        x=x, y=alt.Y("low:Q", title="observed share", scale=share), y2="high:Q"
    )
    points = base.mark_circle(color="#4c78a8", opacity=1).encode(
        x=x,
        y=alt.Y("observed:Q", scale=share),
        size=alt.Size("ratings:Q", title="ratings", scale=alt.Scale(range=[20, 300])),
    )
    return (
        alt.layer(right, bars, points)
        .properties(width=230, height=230)
        .facet(column=alt.Column("panel:N", title=None, sort=order))
        .configure_view(stroke="#ddd")
        .configure(background="white")
    )
