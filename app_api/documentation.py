"""The API's description as one page without scripts, made from the OpenAPI document.

The usual viewers load their scripts from another company's server, which fails on a closed
network and would run foreign code beside people's tokens.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;
color:#1b1b1f;background:#fff}
section{border-top:1px solid #c9c9d1;margin-top:1.5rem}
code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:#f4f4f6;padding:.75rem;overflow-x:auto}
table{border-collapse:collapse}th,td{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}
@media(prefers-color-scheme:dark){body{color:#e6e6ea;background:#17171a}pre{background:#232328}
a{color:#9cc2ff}}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy under which the page works: its one style sheet and nothing else."""


def documentation_page(document: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        document: The OpenAPI document.
    """
    info = document["info"]
    title = escape(f"{info['title']} {info['version']}")
    sections = "".join(
        _operation(method.upper(), path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>{escape(info.get('description', ''))}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a></p>'
        f"{sections}</main></body></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    return (
        f"<section><h2><code>{escape(method)} {escape(path)}</code></h2>"
        f"<p><strong>{escape(operation.get('summary', ''))}</strong></p>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"<p>Who: {escape(_who(operation))}</p>"
        f"{_parameters(operation.get('parameters', []))}{''.join(_schemas(operation))}</section>"
    )


def _who(operation: Mapping[str, Any]) -> str:
    if not operation["security"]:
        return "everybody, without a token"
    return ", ".join(operation["x-roles"])


def _parameters(parameters: list[Mapping[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code></td><td>{escape(item['in'])}</td>"
        f"<td>{escape(item.get('description', ''))}</td></tr>"
        for item in parameters
    )
    return (
        '<table><thead><tr><th scope="col">Parameter</th><th scope="col">Where</th>'
        f'<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _schemas(operation: Mapping[str, Any]) -> Iterator[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        text = json.dumps(body["schema"], indent=2, ensure_ascii=False)
        yield f"<h3>Body</h3><pre>{escape(text)}</pre>"
