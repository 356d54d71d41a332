"""Errors that the comment model raises on purpose."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class CommentModelError(ExpectedFailure, ValueError):
    """Ratings, options or a stored model that cannot be used; the message says which and why."""
