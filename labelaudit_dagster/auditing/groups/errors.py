"""The one class of expected failures of groups."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class GroupError(ExpectedFailure, ValueError):
    """A group that cannot be formed, or from which no model can be made; the message says why."""
