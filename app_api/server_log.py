"""The server's log: one entry a line whatever a request holds, and no secret in it."""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import UTC, datetime
from typing import Any, Literal

LogFormat = Literal["text", "json"]

_SECRET = re.compile(r"(la[is]?_[0-9a-f]{16}_)[A-Za-z0-9_-]+")
"""Tokens, invitations and sessions: the id may stay, the secret may not."""

_CONTINUED = "\n    | "


class OneLineFormatter(logging.Formatter):
    """Escapes control characters, so that nobody can forge an entry, and hides tokens.

    Tracebacks keep their lines, each marked as a continuation. Times are in UTC.
    """

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry of a record."""
        first, *more = super().format(record).splitlines() or [""]
        return _SECRET.sub(r"\1…", _CONTINUED.join(_visible(line) for line in (first, *more)))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        """Return the first line of the entry, the message without line ends."""
        record.message = _visible(record.message)
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """One JSON object in ASCII a line, without secrets.

    Keys: `time` (UTC), `level`, `logger`, `message`; `traceback` where there is one; and what the
    record has in `fields`, as requests do.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry of a record."""
        moment = datetime.fromtimestamp(record.created, UTC)
        document: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return _SECRET.sub(r"\1...", json.dumps(document, allow_nan=False, default=str))


def _visible(text: str) -> str:
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )


def log_configuration(form: LogFormat = "text", level: str = "INFO") -> dict[str, Any]:
    """Return the `logging` configuration of the server: everything goes to standard error.

    Args:
        form: Lines to read, or a JSON object a line.
        level: Lowest level of our own entries.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": OneLineFormatter,
                "format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s",
                "datefmt": "%Y-%m-%dT%H:%M:%S",
            },
            "json": {"()": JsonFormatter},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json" if form == "json" else "line",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {
            "labelaudit": {"handlers": ["stderr"], "level": level, "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }
