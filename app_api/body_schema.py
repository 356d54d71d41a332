"""How a body that a route reads itself stands in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_DEFINITIONS = "$defs"


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return `openapi_extra` of a route with a JSON body, which must not be recursive.

    References to definitions are replaced by what they stand for: they are relative to the whole
    document, in which the model's definitions are not at the top.
    """
    schema = model.model_json_schema()
    definitions = schema.pop(_DEFINITIONS, {})
    body = {"content": {"application/json": {"schema": _inlined(schema, definitions)}}}
    return {"requestBody": {"required": True, **body}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _inlined(definitions[reference.rpartition("/")[2]], definitions)
    return {name: _inlined(part, definitions) for name, part in schema.items()}
