"""Reading a JSON object from bytes of unknown quality."""

from __future__ import annotations

import json
from typing import Any

import orjson

from labelaudit_dagster.platform_client.answer import Unacceptable

_CUT = "came back cut short"
_DEEP = "brought JSON that is nested too deeply"
_TRY_LATER = "try again later, and tell the platform's operator if it stays so"


def read_object(body: bytes, advice: str) -> dict[str, Any]:
    """Parse a JSON object.

    A body that stops too early can be whole the next time; a document that is complete but wrong
    cannot, and neither can one that is nested deeper than the parser goes (1,024 levels).

    Args:
        body: decompressed bytes.
        advice: what to do where the document is of the wrong kind.

    Raises:
        Unacceptable: if it is not one; `may_pass` tells the two cases apart.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        document = _second_look(body, error, advice)
    if not isinstance(document, dict):
        raise Unacceptable(f"brought a JSON {_kind(document)} instead of an object", advice)
    return document


def _second_look(body: bytes, error: orjson.JSONDecodeError, advice: str) -> Any:
    """Find out why the strict parser refused a document, and forgive what harms no other row.

    NaN, numbers without end and emojis cut in half are a matter of single cells, which the
    importer judges; a whole export is not refused for one of them.
    """
    if not body.strip():
        raise Unacceptable("brought an empty answer", _TRY_LATER, may_pass=True) from None
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError as problem:
        if problem.reason == "unexpected end of data":
            raise Unacceptable(_CUT, _TRY_LATER, may_pass=True) from None
        raise Unacceptable(f"brought bytes that are no UTF-8 ({problem})", advice) from None
    if "depth" in error.msg or "ecursion" in error.msg:
        raise Unacceptable(_DEEP, advice) from None
    if not text.startswith(("{", "[")):
        raise Unacceptable("brought something that is not JSON", advice) from None
    try:
        # Long integers as floats: Python would spend quadratic time on them, or refuse.
        return json.loads(text, parse_int=float)
    except RecursionError:
        raise Unacceptable(_DEEP, advice) from None
    except json.JSONDecodeError as problem:
        if _is_cut(text, problem):
            raise Unacceptable(_CUT, _TRY_LATER, may_pass=True) from None
        raise Unacceptable(f"brought invalid JSON ({problem})", advice) from None


def _is_cut(text: str, problem: json.JSONDecodeError) -> bool:
    """Whether a document stops being JSON only because it stops."""
    closing = {"{": "}", "[": "]"}[text[0]]
    return (
        not text.endswith(closing)
        or problem.pos >= len(text)
        or problem.msg.startswith("Unterminated string")
    )


def _kind(document: Any) -> str:
    if document is None:
        return "null"
    names = {list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(document), "value")
