"""Errors that personal models raise on purpose."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class PersonalModelError(ExpectedFailure, ValueError):
    """Labels or candidates that cannot be used; the message says which and what to do."""
