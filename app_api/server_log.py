"""The server's log: one entry a line whatever a request holds, and no token in it."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

_TOKEN = re.compile(r"(la_[0-9a-f]{16}_)[A-Za-z0-9_-]+")
_CONTINUED = "\n    | "


class OneLineFormatter(logging.Formatter):
    """Escapes control characters, so that nobody can forge an entry, and hides tokens.

    Tracebacks keep their lines, each marked as a continuation. Times are in UTC.
    """

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry of a record."""
        first, *more = super().format(record).splitlines() or [""]
        return _TOKEN.sub(r"\1…", _CONTINUED.join(_visible(line) for line in (first, *more)))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        """Return the first line of the entry, the message without line ends."""
        record.message = _visible(record.message)
        return super().formatMessage(record)


def _visible(text: str) -> str:
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )


def log_configuration(level: str = "INFO") -> dict[str, Any]:
    """Return the `logging` configuration of the server: everything goes to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": OneLineFormatter,
                "format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s",
                "datefmt": "%Y-%m-%dT%H:%M:%S",
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {
            "labelaudit": {"handlers": ["stderr"], "level": level, "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }
