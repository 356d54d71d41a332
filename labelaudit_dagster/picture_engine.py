"""The engine that draws pictures takes half a second to start; it can start beside other work."""

from __future__ import annotations

from threading import Thread

_SMALLEST_CHART = (
    '{"data": {"values": [{"x": 0}]}, "mark": "point", '
    '"encoding": {"x": {"field": "x", "type": "quantitative"}}}'
)


def start_picture_engine() -> None:
    """Draw a chart that nobody sees, in the background; harmless where it fails.

    The engine works outside Python's lock, so that this takes nothing from the caller.
    """
    Thread(target=_draw, name="picture-engine", daemon=True).start()


def _draw() -> None:
    import vl_convert

    vl_convert.vegalite_to_png(_SMALLEST_CHART, allowed_base_urls=[])
