"""Reading a request's body within bounds, and strict JSON from it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from app_api.problems import ProblemError

PAUSE_SECONDS = 60.0
"""Longest wait between two pieces of a body."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body of a request that must bring JSON.

    Args:
        request: Nothing of its body was read before.
        max_bytes: Most bytes; reading stops there, whatever the request announced.

    Raises:
        ProblemError: The type is wrong, or the body is too large, too slow or cut off.
    """
    _check_type(request.headers)
    return await read_bytes(request, max_bytes)


async def read_bytes(request: Request, max_bytes: int) -> bytes:
    """Read the body of a request, whatever it brings.

    Args:
        request: Nothing of its body was read before.
        max_bytes: Most bytes; reading stops there, whatever the request announced.

    Raises:
        ProblemError: The body is too large, too slow or cut off.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    pieces = request.stream()
    while True:
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise ProblemError(
                "slow-body",
                f"Nothing came for {PAUSE_SECONDS:g} s; send the request again.",
                headers={"Connection": "close"},
            ) from None
        except ClientDisconnect:
            raise ProblemError(
                "incomplete-body", "The connection ended before the body did; send it again."
            ) from None
        if piece is None:
            return bytes(body)
        body += piece
        if len(body) > max_bytes:
            raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> ProblemError:
    return ProblemError("too-large", f"At most {max_bytes:,} bytes are accepted here.")


def _check_type(headers: Mapping[str, str]) -> None:
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != "application/json":
        raise ProblemError(
            "unsupported-media-type",
            "Send JSON, with the header: Content-Type: application/json.",
        )
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        utf8 = value.strip().strip('"').lower() in ("utf-8", "utf8")
        if name.strip().lower() == "charset" and not utf8:
            raise ProblemError("unsupported-media-type", "JSON is sent in UTF-8.")
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ProblemError(
            "unsupported-media-type", "Send the body without a Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )  # fmt: skip


def read_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object: UTF-8, each key once, no NaN or Infinity.

    Raises:
        ProblemError: It is none; the detail says where it stops being one.
    """
    try:
        document = json.loads(
            body.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise ProblemError("invalid-json", f"Byte {error.start} is not UTF-8.") from None
    except RecursionError:
        raise ProblemError("invalid-json", "It is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise ProblemError(
            "invalid-json", f"{error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    except ValueError as error:
        # Of an integer with thousands of digits, or from one of our two hooks.
        raise ProblemError("invalid-json", f"{str(error).partition(';')[0]}.") from None
    if not isinstance(document, dict):
        raise ProblemError("invalid-json", "It must be an object in braces.")
    return document


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"The key {json.dumps(key)[:80]} stands twice in one object")
            seen.add(key)
    return document


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
