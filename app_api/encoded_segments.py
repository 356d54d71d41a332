"""Ids in paths: whatever people choose, `/` included, is one percent-encoded segment."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, unquote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

_SLASH: Final = "\udc2f"
"""Stands for an encoded slash while paths are matched; half a surrogate pair is in no decoded path,
so that it cannot be mistaken for anything."""


class EncodedSegmentRoute(APIRoute):
    """A route whose path parameters may hold an encoded slash (`%2F`).

    Servers hand over the path decoded, in which a slash inside an id looks like one between
    segments. Use it as `APIRouter(route_class=EncodedSegmentRoute)`.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request's path with its encoded slashes kept apart."""
        raw = scope.get("raw_path") or b""
        if b"%2f" not in raw.lower():
            return super().matches(scope)
        match, child = super().matches({**scope, "path": _marked(raw)})
        if "path_params" in child:
            child["path_params"] = {
                name: _unmarked(value) for name, value in child["path_params"].items()
            }
        return match, child


def path_of(*segments: str | int) -> str:
    """Return a path of segments, each percent-encoded; for `Location` and links."""
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)


def _marked(raw: bytes) -> str:
    segments = raw.partition(b"?")[0].decode("ascii", errors="replace").split("/")
    return "/".join(unquote(segment).replace("/", _SLASH) for segment in segments)


def _unmarked(value: Any) -> Any:
    return value.replace(_SLASH, "/") if isinstance(value, str) else value
