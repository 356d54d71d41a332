"""The bytes of an export file to the JSON object in it, or a clear failure."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from typing import Any, BinaryIO, Final

import orjson

from labelaudit_dagster.importers.failure import ImportFailure

NON_FINITE_KEY: Final = "non_finite_number"
"""Key of the object that stands for NaN or an infinity, which JSON does not have."""

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK_BYTES = 1 << 20


def read_document(source: BinaryIO | bytes, max_bytes: int | None = None) -> dict[str, Any]:
    """Return the JSON object of an export, plain or compressed with gzip.

    NaN and infinities, which some writers emit although JSON has none, become objects with the
    single key `NON_FINITE_KEY`, so that they are invalid wherever they stand.

    Args:
        source: The file's bytes, or a file opened for reading in binary mode.
        max_bytes: Largest size after decompression; None for any.

    Raises:
        ImportFailure: The source is empty, too large, cut off, or not a JSON object.
    """
    content = _decompressed(source if isinstance(source, bytes) else source.read(), max_bytes)
    content = content.removeprefix(_BYTE_ORDER_MARK)
    start = content[:1024].lstrip()
    if not start and not content.strip():
        raise ImportFailure("The export is empty; download it again.")
    if start.startswith(b"<"):
        raise ImportFailure(
            "The export is an HTML or XML page instead of JSON; check the address and the key "
            "with which it was downloaded."
        )
    document = _parsed(content)
    if not isinstance(document, dict):
        raise ImportFailure(
            f"The export is a JSON {_json_type(document)}; it must be an object with the lists "
            "topics, guidelines, ratings and users."
        )
    return document


def _decompressed(content: bytes, max_bytes: int | None) -> bytes:
    if content.startswith(_GZIP_MAGIC):
        pieces, size = [], 0
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
                while piece := stream.read(_CHUNK_BYTES):
                    size += len(piece)
                    if max_bytes is not None and size > max_bytes:
                        break
                    pieces.append(piece)
        except (EOFError, OSError, zlib.error) as error:
            raise ImportFailure(
                "The export is a damaged or cut-off gzip file; download it again."
            ) from error
        plain = b"".join(pieces)
    else:
        plain, size = content, len(content)
    if max_bytes is not None and size > max_bytes:
        raise ImportFailure(f"The export is larger than the limit of {max_bytes} bytes.")
    return plain


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        tolerable = b"NaN" in content or b"Infinity" in content or "infinity" in error.msg
        if not tolerable:
            raise _not_json(error.msg, error.lineno, error.colno) from error
    try:
        document = json.loads(
            content, parse_constant=_marked, parse_float=_number, parse_int=_integer
        )
        orjson.dumps(document)  # refuses what UTF-8 cannot hold: lone surrogates
    except json.JSONDecodeError as error:
        raise _not_json(error.msg, error.lineno, error.colno) from error
    except RecursionError as error:
        raise ImportFailure("The export is nested too deeply to be one.") from error
    except (UnicodeDecodeError, orjson.JSONEncodeError, TypeError) as error:
        raise ImportFailure("The export holds text that is not valid UTF-8.") from error
    return document


def _not_json(message: str, line: int, column: int) -> ImportFailure:
    return ImportFailure(
        f"The export is not valid JSON ({message}, line {line}, column {column}); it may be cut "
        "off: download it again."
    )


def _marked(constant: str) -> dict[str, str]:
    return {NON_FINITE_KEY: constant}


def _number(digits: str) -> float | dict[str, str]:
    value = float(digits)
    return value if abs(value) != float("inf") else _marked(digits)


def _integer(digits: str) -> int | float | dict[str, str]:
    # Like orjson: what does not fit 64 bits is a floating-point number.
    if len(digits) < 19:
        return int(digits)
    value = int(digits) if len(digits) <= 20 else 1 << 64
    return value if -(1 << 63) <= value < 1 << 64 else _number(digits)


def _json_type(document: Any) -> str:
    if document is None:
        return "null"
    names = {list: "array", str: "string", bool: "truth value"}
    return names.get(type(document), "number")
