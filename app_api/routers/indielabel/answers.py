"""Answers of the compatible routes: strict JSON, some of them kept by the client."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

JSON_TYPE = "application/json"


def strict_json(document: Any) -> bytes:
    """Return a document as JSON in UTF-8, without NaN and infinities.

    Numbers that are not finite become null. Halves of surrogate pairs, which UTF-8 cannot hold,
    are escaped.
    """
    import orjson

    try:
        return orjson.dumps(document)
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii")


def json_text(document: Any) -> str:
    """Return a document as the text of a JSON string inside JSON."""
    return strict_json(document).decode("utf-8")


def json_answer(
    document: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Answer with a document that nobody keeps."""
    return Response(
        strict_json(document), status_code=status, media_type=JSON_TYPE, headers=headers
    )
