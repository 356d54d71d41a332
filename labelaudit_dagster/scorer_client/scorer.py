"""From texts to the audited system's scores."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.platform_client import Answer, Call, HttpCaller, PlatformError, Service
from labelaudit_dagster.scorer_client.contract import ScoreRange, read_scores, request_body
from labelaudit_dagster.scorer_client.errors import ScorerError
from labelaudit_dagster.scorer_client.score_cache import ScoreCache, text_hash
from labelaudit_dagster.scorer_client.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

SCORER: Final = Service(
    name="the scorer",
    url_setting="LABELAUDIT_SCORER_URL",
    key_setting="LABELAUDIT_SCORER_API_KEY",
    key_required=False,
)
"""Who is called, for the messages."""

_MOST_BATCH_CHARACTERS = 1_000_000

Progress = Callable[[int, int], None]
"""Called with the number of distinct texts that are scored, and that of all of them."""


class SystemScorer:
    """Asks one system for scores. What was scored once is not asked for again.

    Args:
        caller: Calls the scorer; its limits hold for each batch.
        path: What follows the caller's base address.
        within: The ends of the system's scale.
        version: Version of the system, or None; part of what the cache goes by.
        batch_size: Most texts in one request (>= 1); fewer where they are long.
        bucket: Paces the requests.
        cache: File of the cached scores.

    Raises:
        ValueError: `batch_size` is less than 1.
    """

    def __init__(
        self,
        caller: HttpCaller,
        path: str,
        within: ScoreRange,
        *,
        version: str | None,
        batch_size: int,
        bucket: TokenBucket,
        cache: Path,
    ) -> None:
        if batch_size < 1:
            raise ValueError("batch_size must be at least 1")
        self.within = within
        self._caller = caller
        self._path = path
        self._batch_size = batch_size
        self._bucket = bucket
        self._cache = cache
        self._system = _identity(caller.base_url, path, version, within)

    @property
    def system(self) -> str:
        """What the cache knows the system by: a hash of address, version and scale."""
        return self._system

    def score(
        self,
        texts: Sequence[str],
        *,
        names: Sequence[object] | None = None,
        progress: Progress | None = None,
    ) -> NDArray[np.float64]:
        """Return the system's score of each text, on the system's scale.

        Texts are sent once each, in the order of their first occurrence. After each batch its
        scores are on the disk, so that a run that was killed goes on with the batch it was at.

        Args:
            texts: Any texts, repetitions allowed.
            names: What messages call the texts, as many; default their numbers from 1.
            progress: Told of the progress, at the start and after each batch.

        Returns:
            float64 (len(texts),), each within the system's range.

        Raises:
            ScorerError: A batch was not scored.
            ScoreCacheError: The cache cannot be used.
        """
        digests = [text_hash(text) for text in texts]
        first = {digest: row for row, digest in reversed(list(enumerate(digests)))}
        wanted = sorted(first.values())
        called = names if names is not None else range(1, len(texts) + 1)
        report = progress if progress is not None else _unheard
        with ScoreCache.open(self._cache) as cache:
            known = {
                digest: score
                for digest, score in cache.scores(self._system).items()
                if digest in first
            }
            missing = [row for row in wanted if digests[row] not in known]
            report(len(known), len(wanted))
            batches = _batches(missing, texts, self._batch_size)
            for number, batch in enumerate(batches, start=1):
                outcome = self._ask([texts[row] for row in batch])
                # Raised outside of any `except` block, so that no chain of errors hangs on it.
                if isinstance(outcome, PlatformError):
                    raise _not_scored(
                        outcome,
                        number,
                        len(batches),
                        f"comments {called[batch[0]]} to {called[batch[-1]]}",
                        len(known),
                        len(wanted),
                    )
                scored = dict(zip((digests[row] for row in batch), outcome, strict=True))
                cache.add(self._system, scored)
                known |= scored
                report(len(known), len(wanted))
        return _in_order(digests, known)

    def _ask(self, texts: Sequence[str]) -> list[float] | PlatformError:
        attempts = 1

        def judge(answer: Answer) -> list[float]:
            nonlocal attempts
            attempts = answer.attempts
            return read_scores(answer, len(texts), self.within)

        self._bucket.take()
        call = Call(
            "POST",
            self._path,
            headers={"Content-Type": "application/json"},
            body=request_body(texts),
        )
        try:
            scores = self._caller.call(call, judge)
        except PlatformError as error:
            return error
        # Repeated requests count against the scorer's limit as well.
        self._bucket.charge(attempts - 1)
        return scores


def _identity(base_url: str, path: str, version: str | None, within: ScoreRange) -> str:
    parts = (base_url, path, version or "", repr(within.lowest), repr(within.highest))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _batches(rows: Sequence[int], texts: Sequence[str], largest: int) -> list[list[int]]:
    """Divide rows into batches by number and by length; a very long text goes alone."""
    batches: list[list[int]] = []
    length = 0
    for row in rows:
        longer = length + len(texts[row])
        if not batches or len(batches[-1]) == largest or longer > _MOST_BATCH_CHARACTERS:
            batches.append([])
            longer = len(texts[row])
        batches[-1].append(row)
        length = longer
    return batches


def _in_order(digests: Sequence[bytes], known: Mapping[bytes, float]) -> NDArray[np.float64]:
    return np.array([known[digest] for digest in digests], dtype=np.float64)


def _not_scored(
    error: PlatformError, batch: int, n_batches: int, which: str, n_kept: int, n_texts: int
) -> ScorerError:
    return ScorerError(
        f"Batch {batch:,} of {n_batches:,} ({which}) was not scored: {error} "
        f"{n_kept:,} of {n_texts:,} scores are kept, and the next run goes on from there.",
        batch=batch,
        n_batches=n_batches,
        n_kept=n_kept,
        n_texts=n_texts,
        status=error.status,
        retry_at=error.retry_at,
    )


def _unheard(done: int, total: int) -> None:
    logger.debug("%d of %d texts are scored", done, total)
