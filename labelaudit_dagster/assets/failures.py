"""How an expected failure ends a step: one sentence in Dagster, and no retry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from labelaudit_dagster.failures import ExpectedFailure


@contextmanager
def explained() -> Iterator[None]:
    """Turn an expected failure inside the block into a Dagster failure with its message."""
    try:
        yield
    except ExpectedFailure as failure:
        raise dg.Failure(description=str(failure), allow_retries=False) from failure
