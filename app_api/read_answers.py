"""Answers that clients may keep: entity tags from versions, JSON, and tables in three forms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from app_api.conditional import READ_HEADERS, entity_tag, matching_tag
from app_api.tabular import (
    MEDIA_TYPES,
    TableFormat,
    accepted_format,
    csv_bytes,
    parquet_bytes,
    records,
)

if TYPE_CHECKING:
    import pandas as pd

JSON: Final = MEDIA_TYPES["json"]
_VARY: Final = f"{READ_HEADERS['Vary']}, Accept"
_TAG_LENGTH: Final = 32


@dataclass(frozen=True, eq=False)
class Table:
    """A table, and the document that holds its rows as JSON.

    Attributes:
        name: File name without its ending.
        frame: The rows.
        document: Makes the JSON document from the rows.
        headers: More headers of the answer.
    """

    name: str
    frame: pd.DataFrame
    document: Callable[[list[dict[str, Any]]], BaseModel]
    headers: Mapping[str, str] = field(default_factory=dict)


def document_answer(
    request: Request, state: str | None, make: Callable[[], BaseModel | bytes]
) -> Response:
    """Answer with a JSON document, or 304 where the client holds it.

    Args:
        request: Path and query are part of the entity tag.
        state: Names the versions that the document is made from; None to tell by its content.
        make: Makes the document, or its JSON; not called for a 304 if `state` is given.
    """
    if state is None:
        body = _json(make())
        state = hashlib.sha256(body).hexdigest()
        return _kept(request, state, JSON, lambda: (body, {}))
    return _kept(request, state, JSON, lambda: (_json(make()), {}))


def table_answer(
    request: Request, wanted: TableFormat | None, state: str, make: Callable[[], Table]
) -> Response:
    """Answer with a table in the form that the request asks for, or 304.

    Args:
        request: As for `document_answer`; its header `Accept` counts too.
        wanted: The query parameter `format`.
        state: Names the versions that the table is made from.
        make: Makes the table; not called for a 304.
    """
    form = accepted_format(wanted, request.headers.get("accept"))

    def content() -> tuple[bytes, Mapping[str, str]]:
        table = make()
        if form == "json":
            return _json(table.document(records(table.frame))), table.headers
        body = csv_bytes(table.frame) if form == "csv" else parquet_bytes(table.frame)
        named = f'attachment; filename="{table.name}.{form}"'
        return body, {**table.headers, "Content-Disposition": named}

    return _kept(request, f"{form} {state}", MEDIA_TYPES[form], content)


def _kept(
    request: Request,
    state: str,
    media_type: str,
    content: Callable[[], tuple[bytes, Mapping[str, str]]],
) -> Response:
    # Another version of the program may make other bytes from the same artifacts.
    parts = (state, version("labelaudit"), request.scope["path"])
    seen = "\0".join(parts).encode("utf-8", "replace") + b"?" + request.scope["query_string"]
    tag = hashlib.sha256(seen).hexdigest()[:_TAG_LENGTH]
    headers = {**READ_HEADERS, "Vary": _VARY}
    held = matching_tag(request.headers.get("if-none-match"), tag)
    if held is not None:
        return Response(status_code=304, headers={**headers, "ETag": held})
    body, more = content()
    headers |= {"ETag": entity_tag(tag, compressed=False), **more}
    return Response(body, media_type=media_type, headers=headers)


def _json(document: BaseModel | bytes) -> bytes:
    return document if isinstance(document, bytes) else document.model_dump_json().encode()
