"""How far, and in which topics, the system is from what a person would say.

This is *disagreement with the system*, not the error of the person's model: a perfect model of
somebody who sees things differently has a large one.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.auditing.views.decisions import (
    OVER,
    UNDER,
    Ratings,
    error_codes,
    is_positive,
)
from labelaudit_dagster.auditing.views.errors import AuditViewError

if TYPE_CHECKING:
    import pandas as pd

    from labelaudit_dagster.auditing.views.audit_table import AuditTable

PRIOR_COMMENTS: Final = 10.0
"""A topic's shares are shrunk as if it had so many further comments with the overall share."""
CONFIDENCE_Z: Final = 1.6448536269514722
"""Two-sided 90 %, hence 95 % for the lower end alone."""

_DIRECTIONS: Final = ("", "under-sensitive", "over-sensitive")


@dataclass(frozen=True)
class DisagreementMetrics:
    """Differences between a person's predicted ratings and the system's.

    Attributes:
        n: comments compared.
        mae: mean absolute difference, in units of the ratings, as all that follow.
        mse: mean squared difference.
        rmse: its root.
        signed_avg_diff: mean of person minus system; above zero the person finds more.
        avg_diff: its absolute value, as the compatible routes have it.
        decision_disagreement: share of comments on which the decisions differ, 0 to 1.
    """

    n: int
    mae: float
    mse: float
    rmse: float
    signed_avg_diff: float
    avg_diff: float
    decision_disagreement: float

    def to_document(self, decimals: int | None = None) -> dict[str, Any]:
        """Return the fields as a JSON object, rounded where `decimals` is given."""
        fields = asdict(self)
        if decimals is None:
            return fields
        return {
            name: value if isinstance(value, int) else round(value, decimals) + 0.0
            for name, value in fields.items()
        }


def disagreement_metrics(
    you: ArrayLike, system: ArrayLike, *, scale: RatingScale
) -> DisagreementMetrics:
    """Compare predicted ratings with the system's over a fixed set of comments.

    Args:
        you: the person's predicted ratings (posterior means), shape (n,).
        system: the system's ratings of the same comments, shape (n,).
        scale: the scale of both.

    Raises:
        AuditViewError: the shapes differ, there is no comment, or a rating is not finite.
    """
    own = np.asarray(you, dtype=np.float64)
    other = np.asarray(system, dtype=np.float64)
    if own.ndim != 1 or own.shape != other.shape:
        raise AuditViewError(
            f"{own.shape} predictions cannot be compared with {other.shape} ratings of the system."
        )
    if not own.size:
        raise AuditViewError(
            "There is no comment to compare; the evaluation split of this corpus is empty."
        )
    gap = own - other
    if not np.isfinite(gap).all():
        raise AuditViewError("A prediction or a rating of the system is not a finite number.")
    mse = float(np.mean(gap**2))
    signed = float(np.mean(gap))
    differs = is_positive(you, scale) != is_positive(other, scale)
    return DisagreementMetrics(
        n=int(own.size),
        mae=float(np.mean(np.abs(gap))),
        mse=mse,
        rmse=math.sqrt(mse),
        signed_avg_diff=signed,
        avg_diff=abs(signed),
        decision_disagreement=float(differs.mean()),
    )


def topic_disagreement(
    table: AuditTable, you: Ratings, *, with_outliers: bool = False
) -> pd.DataFrame:
    """Rank topics by how surely the system decides otherwise than the person would.

    `severity` is the lower end of a 90 % Wilson interval (Wilson 1927) for the topic's share of
    errors in its leading direction, after ten further comments with the corpus' overall share of
    that error were added to it (a Beta prior's pseudo-counts). Both shrink small topics: three
    errors in three comments do not lead over sixty in a hundred. Equal severities go by the
    larger difference of means, then by the topic's number.

    Args:
        table: the corpus.
        you: predicted ratings (posterior means) aligned to the table and in its units.
        with_outliers: whether the outlier topic (-1) takes part.

    Returns:
        One row for each topic, the severest first: topic_id int64, topic str, n_comments int64,
        direction ("under-sensitive", "over-sensitive", or "" without an error), severity
        float64 in [0, 1], n_under, n_over int64, share_under, share_over float64 in [0, 1],
        under_low, under_high, over_low, over_high (plain Wilson intervals, 90 %), median_you,
        median_system, mean_you, mean_system float64 in units of the scale.
    """
    import pandas as pd

    topics = table.topics
    places = topics.shown(with_outliers=with_outliers, below=np.iinfo(np.int64).max)
    codes = error_codes(you, table.system, table.scale)
    n = topics.counts[places]
    columns: dict[str, Any] = {
        "topic_id": topics.ids[places],
        "topic": [topics.names[place] for place in places.tolist()],
        "n_comments": n,
    }
    surely = []
    for name, code in (("under", UNDER), ("over", OVER)):
        wrong = codes == code
        count = topics.sums(wrong)[places]
        low, high = wilson_interval(count, n)
        columns[f"n_{name}"] = count.astype(np.int64)
        columns[f"share_{name}"] = count / n
        columns[f"{name}_low"], columns[f"{name}_high"] = low, high
        overall = float(wrong.mean()) if wrong.size else 0.0
        shrunk, _ = wilson_interval(count + PRIOR_COMMENTS * overall, n + PRIOR_COMMENTS)
        surely.append(np.where(count > 0, shrunk, 0.0))
    under, over = surely
    leading = np.where(over > under, 2, np.where(under > 0, 1, 0))
    columns["direction"] = [_DIRECTIONS[code] for code in leading.tolist()]
    columns["severity"] = np.maximum(under, over)
    for method in ("median", "mean"):
        columns[f"{method}_you"] = topics.aggregate(you, method)[places]
        columns[f"{method}_system"] = table.system_by_topic(method)[places]
    difference = np.abs(columns["mean_you"] - columns["mean_system"])
    order = np.lexsort((columns["topic_id"], -difference, -columns["severity"]))
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)[list(_COLUMNS)]


def wilson_interval(
    count: ArrayLike, n: ArrayLike, *, z: float = CONFIDENCE_Z
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of Wilson's score interval for a share.

    Args:
        count: successes, need not be whole, shape (k,).
        n: trials, at least `count`; none gives the whole range, shape (k,).
        z: normal quantile of the confidence; the default is two-sided 90 %.

    Returns:
        Lower and upper ends, float64 in [0, 1], shape (k,).
    """
    trials = np.asarray(n, dtype=np.float64)
    share = np.asarray(count, dtype=np.float64) / np.maximum(trials, 1e-300)
    denominator = trials + z * z
    middle = (trials * share + z * z / 2) / denominator
    spread = z * np.sqrt(trials * share * (1 - share) + z * z / 4) / denominator
    # Rounding must not leave the ends of a share of exactly 0 or 1 off by 1e-17.
    low = np.where(share <= 0, 0.0, np.maximum(middle - spread, 0.0))
    high = np.where((share >= 1) & (trials > 0), 1.0, np.minimum(middle + spread, 1.0))
    return low, high


_COLUMNS: Final = (
    "topic_id",
    "topic",
    "n_comments",
    "direction",
    "severity",
    "n_under",
    "n_over",
    "share_under",
    "share_over",
    "under_low",
    "under_high",
    "over_low",
    "over_high",
    "median_you",
    "median_system",
    "mean_you",
    "mean_system",
)
