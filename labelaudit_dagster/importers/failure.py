"""The one error that importers raise for input they cannot use."""

from __future__ import annotations

from labelaudit_dagster.failures import ExpectedFailure


class ImportFailure(ExpectedFailure, ValueError):  # noqa: N818 - named for what the caller reports: a failed import
    """The source as a whole cannot be imported.

    Its message is one sentence or two that name the file, key or column and say what to do;
    it is meant to be shown to a person as it is. Single bad rows never raise: they go to the
    quarantine.
    """
