"""Scores of the audited system over HTTP: in batches, within its limits, and none asked for twice.

`docs/scorer.md` has the contract. Nothing here imports Dagster.
"""

from __future__ import annotations

from labelaudit_dagster.scorer_client.contract import ScoreRange
from labelaudit_dagster.scorer_client.errors import ScoreCacheError, ScorerError
from labelaudit_dagster.scorer_client.score_cache import ScoreCache
from labelaudit_dagster.scorer_client.scorer import SCORER, SystemScorer
from labelaudit_dagster.scorer_client.token_bucket import TokenBucket

__all__ = [
    "SCORER",
    "ScoreCache",
    "ScoreCacheError",
    "ScoreRange",
    "ScorerError",
    "SystemScorer",
    "TokenBucket",
]
