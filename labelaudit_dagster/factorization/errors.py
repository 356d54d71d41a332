"""Errors that factorization raises on purpose."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class FactorizationError(ExpectedFailure, ValueError):
    """The ratings or the parameters cannot be used; the message says which and what to do."""
