"""Whether a source is good enough to use: how much of it had to be left out, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelaudit_dagster.importers.community import Community
from labelaudit_dagster.importers.corpus import Corpus
from labelaudit_dagster.importers.quarantine import EXPECTED_REASONS, REASONS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class QuarantineVerdict:
    """How much of the ratings is unusable.

    Attributes:
        share: unusable ratings (those quarantined for a reason that healthy sources do not show)
            over all rating rows, in [0, 1].
        acceptable: whether the share is within the limit.
        sentence: the share, and the three commonest reasons where there are any.
    """

    share: float
    acceptable: bool
    sentence: str


def quarantine_summary(quarantine: pd.DataFrame) -> list[dict[str, Any]]:
    """Count the rows of a quarantine by table and reason, in that order.

    Returns:
        Records with `table`, `reason` and `rows`.
    """
    counted = Counter(zip(quarantine["table"], quarantine["reason"], strict=True))
    return [
        {"table": table, "reason": reason, "rows": rows}
        for (table, reason), rows in sorted(counted.items())
    ]


def quarantine_verdict(
    source: Community | Corpus, max_share: float, table: str = "guideline_ratings"
) -> QuarantineVerdict:
    """Judge the ratings of a source.

    Args:
        source: what an importer returned.
        max_share: largest acceptable share of unusable ratings, in [0, 1].
        table: its table of ratings.
    """
    quarantine = source.quarantine
    reasons = quarantine.loc[quarantine["table"] == table, "reason"]
    unusable = reasons[~reasons.isin(list(EXPECTED_REASONS))].value_counts()
    rows_in = source.counts[table].rows_in
    share = float(unusable.sum()) / rows_in if rows_in else 0.0
    sentence = f"{int(unusable.sum()):,} of {rows_in:,} ratings ({share:.1%}) are unusable"
    if len(unusable):
        ranked = sorted(unusable.items(), key=lambda pair: (-int(pair[1]), str(pair[0])))
        commonest = "; ".join(
            f"{count:,} {reason} ({REASONS[str(reason)][0].lower()}{REASONS[str(reason)][1:]})"
            for reason, count in ranked[:3]
        )
        sentence += f": {commonest}"
    acceptable = share <= max_share
    if not acceptable:
        sentence += (
            f". At most {max_share:.0%} may be; mend the source or raise "
            "LABELAUDIT_MAX_QUARANTINED_SHARE"
        )
    return QuarantineVerdict(share, acceptable, sentence + ".")
