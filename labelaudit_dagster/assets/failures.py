"""How an expected failure ends a step: one sentence in Dagster, and no retry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from labelaudit_dagster.constitution import ConstitutionError
from labelaudit_dagster.factorization import FactorizationError
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.importers import ImportFailure

EXPECTED = (ExpectedFailure, ImportFailure, FactorizationError, ConstitutionError)
"""Errors whose message is for people; all others keep their traceback."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn an expected error inside the block into a Dagster failure with its message."""
    try:
        yield
    except EXPECTED as failure:
        raise dg.Failure(description=str(failure), allow_retries=False) from failure
