"""The status log as the API reads it: brought up to date first, whatever a run left out."""

from __future__ import annotations

import logging
from typing import Final

from app_api.services import Services
from labelaudit_dagster.status_history import StatusHistory, log_statuses, read_history
from labelaudit_dagster.store import LoggedChange, StoreError, last_logged, list_changes_of_status

_LOG: Final = logging.getLogger(__name__)


def bring_up_to_date(services: Services) -> str:
    """Enter what the log lacks, and return what names its state; "empty" before the first entry.

    Raises:
        ArtifactError: What is stored of a constitution is damaged.
        StoreError: The database cannot be read.
    """
    current = services.artifacts.current("constitution")
    last = last_logged(services.database)
    if current is not None and (last is None or last.version != current.version):
        try:
            if log_statuses(services.artifacts, services.database, now=services.now()):
                last = last_logged(services.database)
        except StoreError as error:
            # The log tells what it has; the next run, or the next reader, enters the rest.
            _LOG.warning("The status log could not be brought up to date: %s", error)
    return "empty" if last is None else f"{last.position} {last.version}"


def logged_history(services: Services, guideline_id: str | None) -> StatusHistory:
    """Return the constitutions of the log, and a guideline's changes (none for no guideline)."""
    if guideline_id is None:
        return read_history(services.artifacts, services.database, limit=0)
    return read_history(services.artifacts, services.database, guideline_id=guideline_id)


def known_to_the_log(services: Services, guideline_id: str) -> LoggedChange | None:
    """Return the last change of a guideline, None where the log has none."""
    found = list_changes_of_status(services.database, guideline_id=guideline_id, limit=1)
    return found[0] if found else None
