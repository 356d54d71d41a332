"""Charts as pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_png(spec: Mapping[str, Any], scale: float = 2.0) -> bytes:
    """Return a chart as a PNG, rendered without a network.

    Args:
        spec: what a function of this package returns.
        scale: pixels per unit of the chart's size.
    """
    import vl_convert

    text = json.dumps(spec, allow_nan=False)
    png: bytes = vl_convert.vegalite_to_png(text, scale=scale, allowed_base_urls=[])
    return png
