"""The audited system's scores over HTTP, as the settings say."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import pandas as pd

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.platform_client import HttpCaller, HttpPolicy, Misconfigured
from labelaudit_dagster.platform_client.caller import utc_now
from labelaudit_dagster.scorer_client import SCORER, ScoreRange, SystemScorer, TokenBucket
from labelaudit_dagster.settings import Settings

CACHE_FILE = "system_scores.sqlite"
"""Name of the cache in the home's folder of caches."""

Progress = Callable[[int, int], None]


def system_scorer(
    settings: Settings,
    scale: RatingScale,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = utc_now,
) -> SystemScorer | None:
    """Return the scorer that the settings name, or None where they name none.

    Nothing is sent and no file is opened yet.

    Args:
        settings: The settings.
        scale: Of the corpus; its ends are those of the system where the settings do not say.
        clock: Monotonic seconds.
        sleep: Waits that many seconds.
        now: The time in UTC.

    Raises:
        Misconfigured: If address, key, limits or range cannot work.
    """
    if settings.scorer_url is None:
        return None
    lowest, highest = settings.scorer_lowest, settings.scorer_highest
    try:
        within = ScoreRange(
            scale.values[0] if lowest is None else lowest,
            scale.values[-1] if highest is None else highest,
        )
    except ValueError:
        raise Misconfigured(
            "LABELAUDIT_SCORER_LOWEST is not below LABELAUDIT_SCORER_HIGHEST (where one is not "
            f"set, the corpus' scale from {scale.values[0]:g} to {scale.values[-1]:g} counts); "
            "set both to the ends of the system's scale."
        ) from None
    base, path = _base_and_path(settings.scorer_url)
    key = settings.scorer_api_key
    caller = HttpCaller(
        SCORER,
        base,
        None if key is None else key.get_secret_value(),
        HttpPolicy(
            timeout_seconds=settings.http_timeout_seconds,
            deadline_seconds=settings.http_deadline_seconds,
            attempts=settings.http_attempts,
            max_bytes=settings.http_max_bytes,
        ),
        clock=clock,
        sleep=sleep,
        now=now,
    )
    return SystemScorer(
        caller,
        path,
        within,
        version=settings.scorer_version,
        batch_size=settings.scorer_batch_size,
        bucket=TokenBucket(settings.scorer_requests_per_minute, clock=clock, sleep=sleep),
        cache=settings.cache_folder / CACHE_FILE,
    )


def score_comments(
    scorer: SystemScorer,
    comments: pd.DataFrame,
    scale: RatingScale,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Score every comment and map the scores linearly onto the corpus' scale.

    Args:
        scorer: Of `system_scorer`.
        comments: Canonical table `comments`, ordered by item id.
        scale: Of the corpus.
        progress: Told the number of distinct texts that are scored, and that of all.

    Returns:
        Canonical table `system_ratings`, one row for each comment, in their order.

    Raises:
        ScorerError: A batch was not scored; earlier batches are kept for the next run.
        ScoreCacheError: The cache cannot be used.
    """
    scores = scorer.score(
        comments["text"].tolist(), names=comments["item_id"].tolist(), progress=progress
    )
    low, high = scale.values[0], scale.values[-1]
    within = scorer.within
    if (within.lowest, within.highest) != (low, high):
        share = (scores - within.lowest) / (within.highest - within.lowest)
        # Rounding must not carry a score beyond the ends.
        scores = (low + share * (high - low)).clip(low, high)
    return pd.DataFrame({"item_id": comments["item_id"].to_numpy(), "system_rating": scores + 0.0})


def _base_and_path(address: str) -> tuple[str, str]:
    """Divide an address before its last part, since a caller joins the two with a slash."""
    base, slash, last = address.rpartition("/")
    return (base, last) if slash and urlsplit(base).netloc else (address, "")
