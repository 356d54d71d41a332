"""Progress of a run in short words, from Dagster's own log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

LOGGER_NAME = "labelaudit.progress"


def _progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """Return the logger whose handlers `progress_to` sets."""
    logger = logging.getLogger(LOGGER_NAME)
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    return logger


progress_logger = dg.logger(
    None, description="Hands step starts and messages of assets to the terminal's progress line."
)(_progress_logger)


@contextmanager
def progress_to(progress: Callable[[str], None] | None) -> Iterator[None]:
    """Send progress of the runs inside the block to a function (or nowhere)."""
    logger = logging.getLogger(LOGGER_NAME)
    handler = logging.NullHandler() if progress is None else _ProgressHandler(progress)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _ProgressHandler(logging.Handler):
    """Turns step events and the assets' own messages into short lines."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """Tell which step starts, and what assets log at INFO, a level that Dagster leaves free."""
        event = getattr(record, "dagster_event", None)
        meta = getattr(record, "dagster_meta", None) or {}
        step = str(meta.get("step_key") or "").replace("_", " ")
        if event is not None and event.event_type_value == "STEP_START":
            self._progress(step)
        elif event is None and step and record.levelno == logging.INFO:
            self._progress(f"{step}: {meta.get('orig_message') or record.getMessage()}")
