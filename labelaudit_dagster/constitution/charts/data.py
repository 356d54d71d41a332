"""What the charts draw, as small lists of plain JSON records; large inputs are binned here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from labelaudit_dagster.constitution.strict_json import strict_json
from labelaudit_dagster.constitution.table import one_line

Rows = list[dict[str, Any]]

MOST_POINTS = 5_000
"""No chart holds more records than this."""

STATUS_NAMES = {
    "accepted": "accepted",
    "undecided": "undecided",
    "rejected": "rejected",
    "too_few_ratings": "too few ratings",
}
"""Statuses as the charts write them."""

LOSS_FLOOR = 1e-16
"""Differences of losses below this are rounding; logarithmic axes start here."""

_COLUMNS, _ROWS = 40, 30
_DRAWING_ORDER = ("too_few_ratings", "rejected", "accepted", "undecided")
_FEW = 60


def convergence_rows(loss: ArrayLike, kkt: ArrayLike, most: int = MOST_POINTS // 2) -> Rows:
    """Return sweep, loss above the best, and residual; long trajectories are thinned evenly.

    Args:
        loss: objective before each sweep, shape (steps,).
        kkt: optimality residual, shape (steps,), or empty where the method has none.
        most: largest number of records; first and last sweep are always kept.
    """
    losses = np.asarray(loss, dtype=np.float64)
    residuals = np.asarray(kkt, dtype=np.float64)
    if residuals.size == 0:
        residuals = np.full(losses.shape, np.nan)
    if residuals.shape != losses.shape:
        raise ValueError(f"kkt must be empty or of the shape {losses.shape} of loss.")
    if losses.size == 0 or not np.any(np.isfinite(losses)):
        return []
    best = np.nanmin(np.where(np.isfinite(losses), losses, np.nan))
    steps = np.unique(np.linspace(0, losses.size - 1, min(most, losses.size)).astype(int))
    rows: Rows = strict_json(
        [
            {
                "sweep": int(step),
                # The best sweep itself lies at minus infinity on a logarithmic axis.
                "excess": gap if (gap := losses[step] - best) > LOSS_FLOOR else None,
                "residual": value if (value := residuals[step]) > 0 else None,
            }
            for step in steps
        ]
    )
    return rows


def guideline_rows(document: Mapping[str, Any], most: int = MOST_POINTS) -> Rows:
    """Return rated guidelines as points; a status with too many of them is binned on a grid.

    A record has `factor` (first dimension), `intercept`, `status`, `count` (1 for a guideline,
    more for a cell of the grid, whose centre is given), `size` (area of its mark) and, for
    single guidelines, `id`, `text`, `n_ratings`, `support` and `score`. Later records are drawn
    over earlier ones.
    """
    rated = [row for row in document["guidelines"] if row["intercept"] is not None]
    rows: Rows = []
    for status in _DRAWING_ORDER:
        group = [row for row in rated if row["status"] == status]
        if len(group) > most // len(_DRAWING_ORDER):
            rows += _grid(group, rated, STATUS_NAMES[status])
        else:
            prominent = status in {"accepted", "undecided"} and len(group) <= _FEW
            rows += [_point(row, 120 if prominent else 50) for row in group]
    return rows


def rater_factor_bins(factors: ArrayLike, bins: int = 40) -> tuple[Rows, int, int]:
    """Return bars of the raters' first factor, how many are exactly zero, and how many there are.

    Bars have `low`, `high`, `count` and `side`; zero is an edge, so that no bar mixes sides.
    Raters whose factor is exactly zero (the penalty leaves them without a side) are in no bar.
    """
    values = np.asarray(factors, dtype=np.float64)
    values = values[:, 0] if values.ndim == 2 else values
    values = values[np.isfinite(values)]
    sided = values[values != 0]
    if sided.size == 0:
        return [], int(values.size), int(values.size)
    width = 2 * np.abs(sided).max() / bins
    lowest = math.floor(sided.min() / width)
    highest = max(math.ceil(sided.max() / width), lowest + 1)
    edges = width * np.arange(lowest, highest + 1)
    edges[0], edges[-1] = min(edges[0], sided.min()), max(edges[-1], sided.max())
    # np.histogram closes bins on the left, and no value is zero: sides never mix.
    counts, _ = np.histogram(sided, bins=edges)
    rows = [
        {
            "low": float(low),
            "high": float(high),
            "count": int(count),
            "side": "below zero" if (low + high) < 0 else "above zero",
        }
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    return rows, int(values.size - sided.size), int(values.size)


def passing_rows(document: Mapping[str, Any]) -> Rows:
    """Return how many guidelines pass each test, alone and together with those before it."""
    parameters = document["parameters"]
    names = {
        "min_ratings": f"at least {parameters['min_ratings']:,} ratings",
        "min_support": f"support of {100 * parameters['min_support']:g}% or more",
        "intercept_threshold": f"intercept above {parameters['intercept_threshold']:g}",
        "numerical_precision": "side of the threshold certain",
    }
    passing = [
        {reason["test"]: reason["passed"] for reason in row["reasons"]}
        for row in document["guidelines"]
    ]
    total = len(passing)
    rows: Rows = [
        {"test": "all guidelines", "measure": "passes it and all above", "count": total},
    ]
    so_far = [True] * total
    for test, name in names.items():
        alone = [tests[test] for tests in passing]
        so_far = [before and now for before, now in zip(so_far, alone, strict=True)]
        rows.append({"test": name, "measure": "passes this test", "count": sum(alone)})
        rows.append({"test": name, "measure": "passes it and all above", "count": sum(so_far)})
    return rows


def accepted_rows(document: Mapping[str, Any], limit: int, line_length: int) -> Rows:
    """Return the best accepted guidelines with their score, interval and label lines.

    `label` is the text broken into at most two lines joined by a line feed; records carry
    `place` from 1 in falling order of score.
    """
    accepted = [row for row in document["guidelines"] if row["status"] == "accepted"]
    return [
        {
            "place": place,
            "label": "\n".join(_two_lines(one_line(row["text"], 400), line_length)),
            "id": one_line(row["guideline_id"], 60),
            "text": one_line(row["text"], 400),
            "score": row["consensus_score"],
            "intercept": row["intercept"],
            "low": row["interval_low"],
            "high": row["interval_high"],
            "p_accepted": row["p_accepted"],
            "support": row["raw_support"],
            "n_ratings": row["n_ratings"],
        }
        for place, row in enumerate(accepted[:limit], start=1)
    ]


def threshold_rows(document: Mapping[str, Any], limit: int, line_length: int) -> Rows:
    """Return the guidelines nearest to the threshold among those that only the intercept decides.

    Records carry `place` from 1 in falling order of intercept and `margin`, the signed distance
    in words.
    """
    threshold = document["parameters"]["intercept_threshold"]
    open_ones = [
        row
        for row in document["guidelines"]
        if all(
            reason["passed"]
            for reason in row["reasons"]
            if reason["test"] in {"min_ratings", "min_support"}
        )
    ]
    open_ones.sort(key=lambda row: (abs(row["intercept"] - threshold), row["guideline_id"]))
    nearest = sorted(open_ones[:limit], key=lambda row: (-row["intercept"], row["guideline_id"]))
    return [
        {
            "place": place,
            "label": "\n".join(_two_lines(one_line(row["text"], 400), line_length)),
            "id": one_line(row["guideline_id"], 60),
            "text": one_line(row["text"], 400),
            "status": STATUS_NAMES[row["status"]],
            "intercept": row["intercept"],
            "margin": _signed(row["intercept"] - threshold),
        }
        for place, row in enumerate(nearest, start=1)
    ]


def candidate_rows(candidates: Iterable[Mapping[str, Any]], most: int = 60) -> Rows:
    """Return candidates with their loss above the best, the best first.

    Args:
        candidates: mappings with `name`, `loss`, `sweeps` and `status`.
        most: largest number of records.
    """
    finite = [
        (float(item["loss"]), item) for item in candidates if math.isfinite(float(item["loss"]))
    ]
    finite.sort(key=lambda pair: (pair[0], str(pair[1]["name"])))
    rows: Rows = strict_json(
        [
            {
                "name": one_line(str(item["name"]), 40),
                "loss": loss,
                "excess": max(loss - finite[0][0], LOSS_FLOOR),
                "sweeps": item["sweeps"],
                "status": str(item["status"]).replace("_", " "),
            }
            for loss, item in finite[:most]
        ]
    )
    return rows


def _point(row: Mapping[str, Any], size: int) -> dict[str, Any]:
    return {
        "factor": row["factor"][0],
        "intercept": row["intercept"],
        "status": STATUS_NAMES[row["status"]],
        "count": 1,
        "size": size,
        "id": one_line(row["guideline_id"], 60),
        "text": one_line(row["text"], 300),
        "n_ratings": row["n_ratings"],
        "support": row["raw_support"],
        "score": row["consensus_score"],
    }


def _grid(
    group: Sequence[Mapping[str, Any]], rated: Sequence[Mapping[str, Any]], status: str
) -> Rows:
    """Return the occupied cells of a grid that spans all rated guidelines."""
    everything = np.array([(row["factor"][0], row["intercept"]) for row in rated])
    spans = [
        (low, high if high > low else low + 1)
        for low, high in zip(everything.min(axis=0), everything.max(axis=0), strict=True)
    ]
    points = np.array([(row["factor"][0], row["intercept"]) for row in group])
    counts, x_edges, y_edges = np.histogram2d(
        points[:, 0], points[:, 1], bins=(_COLUMNS, _ROWS), range=spans
    )
    return [
        {
            "factor": float((x_edges[i] + x_edges[i + 1]) / 2),
            "intercept": float((y_edges[j] + y_edges[j + 1]) / 2),
            "status": status,
            "count": int(counts[i, j]),
            # Areas grow with the logarithm: a cell of thousands must not bury its neighbours.
            "size": 40 + 40 * math.log10(counts[i, j]),
        }
        for i, j in np.argwhere(counts > 0).tolist()
    ]


def _two_lines(text: str, length: int) -> list[str]:
    """Break a text at a space into at most two lines of at most `length` characters."""
    if len(text) <= length:
        return [text]
    cut = text.rfind(" ", 1, length + 1)
    cut = cut if cut > length // 2 else length
    return [text[:cut].rstrip(), one_line(text[cut:], length)]


def _signed(margin: float) -> str:
    """Return a difference with its sign and two significant digits, without an exponent."""
    if margin == 0:
        return "exactly on it"
    decimals = min(12, max(3, 1 - math.floor(math.log10(abs(margin)))))
    return f"{margin:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")
