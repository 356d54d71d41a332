"""Cursors: what a sensor remembers between two looks, as JSON with a version.

Whatever cannot be read counts as nothing remembered, which costs one run that finds nothing new.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

CURSOR_VERSION = 1
_FIELD = "version"


class Remembered(BaseModel):
    """Base of what a cursor holds. Times carry their zone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


R = TypeVar("R", bound=Remembered)


def write_cursor(remembered: Remembered) -> str:
    """Return the cursor's text."""
    document: dict[str, Any] = {_FIELD: CURSOR_VERSION}
    document |= remembered.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(document, sort_keys=True, ensure_ascii=True)


def read_cursor(kind: type[R], text: str | None) -> R | None:
    """Return what a cursor holds; None where there is none, or none that can be understood."""
    try:
        document = json.loads(text or "")
        if not isinstance(document, dict) or document.pop(_FIELD, None) != CURSOR_VERSION:
            return None
        return kind.model_validate(document)
    except (ValueError, RecursionError, ValidationError):
        return None
