"""Reading a JSON object from bytes of unknown quality."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson

from labelaudit_dagster.platform_client.answer import Unacceptable

_CUT = "came back cut short"
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
    """Find out why a document cannot be parsed; half emojis in texts are forgiven."""
    if not body.strip():
        raise Unacceptable("brought an empty answer", _TRY_LATER, may_pass=True) from None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.reason == "unexpected end of data":
            raise Unacceptable(_CUT, _TRY_LATER, may_pass=True) from None
        raise Unacceptable(f"brought bytes that are no UTF-8 ({problem})", advice) from None
    if "depth" in error.msg or "ecursion" in error.msg:
        raise Unacceptable("brought JSON that is nested too deeply", advice) from None
    if not text.lstrip().startswith(("{", "[")):
        raise Unacceptable("brought something that is not JSON", advice) from None
    if "end of data" in error.msg or error.pos >= len(text):
        raise Unacceptable(_CUT, _TRY_LATER, may_pass=True) from None
    if "surrogate" in error.msg:
        # An emoji that was cut in half: valid JSON by the letter, refused by strict parsers.
        try:
            return json.loads(text, parse_constant=_refuse)
        except RecursionError:
            raise Unacceptable("brought JSON that is nested too deeply", advice) from None
        except json.JSONDecodeError as problem:
            cut = problem.pos >= len(text.rstrip()) or problem.msg.startswith("Unterminated")
            if cut:
                raise Unacceptable(_CUT, _TRY_LATER, may_pass=True) from None
            raise Unacceptable(f"brought invalid JSON ({problem})", advice) from None
        except ValueError as problem:
            raise Unacceptable(f"brought invalid JSON ({problem})", advice) from None
    raise Unacceptable(f"brought invalid JSON ({error})", advice) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _kind(document: Any) -> str:
    if document is None:
        return "null"
    names = {list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return names.get(type(document), "value")
