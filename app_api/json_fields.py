"""Naming the fields of a posted document in messages, and reading numbers from them."""

from __future__ import annotations

import json
import math
from typing import Any

_SHOWN = 80


def field_at(field: str, name: str) -> str:
    """Return the name of an object's value in a message."""
    return f"{field}[{shown_name(name)}]"


def shown_name(name: str) -> str:
    """Return a sender's name in a message: as JSON in ASCII, cut off where it is long."""
    text = json.dumps(name)
    return text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…"'


def finite_number(value: Any) -> float | None:
    """Return a JSON number that floating point can hold, None for anything else."""
    if type(value) not in (int, float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
