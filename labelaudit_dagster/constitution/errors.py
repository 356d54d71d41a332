"""The one class of expected failures in this package."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class ConstitutionError(ExpectedFailure, ValueError):
    """Input from which no honest constitution can be derived; the message names the field."""
