"""What the OpenAPI document says of routes whose answer is a table, or may be 304."""

from __future__ import annotations

from typing import Any

UNCHANGED = {"description": "Not changed since the answer whose ETag the request names."}

READ_RESPONSES: dict[int | str, dict[str, Any]] = {304: UNCHANGED}
"""Of a document."""

TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        }
    },
    304: UNCHANGED,
}
"""Of a table; its JSON form is the response model."""

NEXT_AFTER = "X-Next-After"

PAGED_TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        **TABLE_RESPONSES[200],
        "headers": {
            NEXT_AFTER: {
                "description": "`after` of the next page, where there is one.",
                "schema": {"type": "string"},
            }
        },
    },
    304: UNCHANGED,
}
"""Of a table that comes page by page."""

CHART_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A Vega-Lite specification with its data in `datasets`.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["$schema", "datasets"],
                    "properties": {
                        "$schema": {"type": "string"},
                        "datasets": {"type": "object"},
                        "layer": {"type": "array"},
                    },
                }
            }
        },
    },
    304: UNCHANGED,
}
"""Of a chart."""
