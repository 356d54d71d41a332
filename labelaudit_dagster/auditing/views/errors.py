"""The one class of expected failures of the audit views."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class AuditViewError(ExpectedFailure, ValueError):
    """Frames that do not fit together, or a question that has no answer; the message says which."""
