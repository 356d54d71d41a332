"""What can go wrong while the audited system's scores are fetched."""

from __future__ import annotations

from datetime import datetime

from labelaudit_dagster.failures import ExpectedFailure


class ScorerError(ExpectedFailure, RuntimeError):
    """A batch was not scored; the message names it, why, and how much is kept.

    Attributes:
        batch: Number of the batch, from 1.
        n_batches: Batches that this run had to ask for.
        n_kept: Texts whose score is in the cache, those of earlier runs included.
        n_texts: Distinct texts that were to be scored.
        status: HTTP status of the last answer, or None where there was none.
        retry_at: When the scorer wants to be asked again (UTC), or None where it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        batch: int,
        n_batches: int,
        n_kept: int,
        n_texts: int,
        status: int | None,
        retry_at: datetime | None,
    ) -> None:
        super().__init__(message)
        self.batch = batch
        self.n_batches = n_batches
        self.n_kept = n_kept
        self.n_texts = n_texts
        self.status = status
        self.retry_at = retry_at


class ScoreCacheError(ExpectedFailure, RuntimeError):
    """The file of cached scores cannot be used; the message says why and what to do."""
