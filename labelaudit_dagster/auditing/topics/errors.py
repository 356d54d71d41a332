"""Errors that the making of topics raises on purpose."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class TopicError(ExpectedFailure, ValueError):
    """The comments or the options cannot be used; the message says which and what to do."""
