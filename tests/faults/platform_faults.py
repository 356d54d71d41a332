"""The ways in which the platform can misbehave, by name."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from datetime import timedelta
from email.utils import format_datetime
from functools import cache

from platform_exchange import Exchange, Step


def _status(status: int, **headers: str) -> Step:
    def step(exchange: Exchange) -> None:
        # It repeats what it was sent, as some servers do, so that a leak of the key would show.
        echo = exchange.request.headers.get("authorization", "")
        exchange.answer(status, f'{{"detail": "no: {echo}"}}'.encode(), **headers)

    return step


def _retry_after_date(exchange: Exchange) -> None:
    now = exchange.platform.now()
    until = format_datetime(now + timedelta(seconds=3), usegmt=True)
    exchange.answer(429, b"{}", Retry_After=until, Date=format_datetime(now, usegmt=True))


def _retry_after_date_in_a_day(exchange: Exchange) -> None:
    until = exchange.platform.now() + timedelta(days=1)
    exchange.answer(429, b"{}", Retry_After=format_datetime(until, usegmt=True))


def _reset_before(exchange: Exchange) -> None:
    exchange.reset()


def _close_before(exchange: Exchange) -> None:
    """Read the request and close in good order without having applied anything."""


def _lost_reply(exchange: Exchange) -> None:
    exchange.good_body()
    exchange.reset()


def _reset_inside(exchange: Exchange) -> None:
    body = exchange.good_body()
    exchange.send(exchange.head(200, {"Content-Length": str(len(body))}) + body[: len(body) // 2])
    time.sleep(0.01)  # lets the first half arrive before the reset overtakes it
    exchange.reset()


def _cut_length(exchange: Exchange) -> None:
    body = exchange.good_body()
    exchange.send(exchange.head(200, {"Content-Length": str(len(body))}) + body[: len(body) // 2])


def _stall_before(exchange: Exchange) -> None:
    exchange.wait_for_hangup()


def _stall_inside(exchange: Exchange) -> None:
    body = exchange.good_body()
    exchange.send(exchange.head(200, {"Content-Length": str(len(body))}) + body[: len(body) // 2])
    exchange.wait_for_hangup()


def _slow_drip(exchange: Exchange) -> None:
    body = exchange.good_body()
    exchange.send(exchange.head(200, {"Content-Length": str(len(body))}))
    exchange.drip(body)


def _slow_headers(exchange: Exchange) -> None:
    body = exchange.good_body()
    exchange.drip(exchange.head(200, {f"X-Header-{i}": "x" * 40 for i in range(40)}) + body)


def _truncated_json(exchange: Exchange) -> None:
    body = exchange.good_body()
    exchange.answer(200, body[: len(body) // 2], Content_Type="application/json")


def _chunked_cut(exchange: Exchange) -> None:
    body = exchange.good_body()
    half = body[: len(body) // 2]
    chunk = f"{len(half):x}\r\n".encode() + half + b"\r\n"
    exchange.send(exchange.head(200, {"Transfer-Encoding": "chunked"}) + chunk)


def _gzip_cut(exchange: Exchange) -> None:
    packed = gzip.compress(exchange.good_body())
    exchange.answer(200, packed[: len(packed) // 2], Content_Encoding="gzip")


def _gzip_garbage(exchange: Exchange) -> None:
    exchange.answer(200, b"this is not compressed", Content_Encoding="gzip")


def _gzip_good(exchange: Exchange) -> None:
    exchange.answer(200, gzip.compress(exchange.good_body()), Content_Encoding="gzip")


def _html(exchange: Exchange) -> None:
    page = b"<!doctype html><title>Maintenance</title><p>Back soon.</p>"
    exchange.answer(200, page, Content_Type="text/html")


def _empty(exchange: Exchange) -> None:
    exchange.answer(200, b"")


def _wrong_schema(exchange: Exchange) -> None:
    document = {"error": "no such tenant", "ratings": {"u1": 1}, "success": "true"}
    exchange.answer(200, json.dumps(document).encode())


def _json_list(exchange: Exchange) -> None:
    exchange.answer(200, b"[1, 2, 3]")


def _deep_nesting(exchange: Exchange) -> None:
    depth = 100_000
    exchange.answer(200, b'{"ratings": ' + b"[" * depth + b"]" * depth + b"}")


@cache
def zeros_in_gzip(size: int = 50 * 1024 * 1024) -> bytes:
    """Compress that many zero bytes without ever holding them; takes a moment the first time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(64 * 1024)
    packed = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*packed, packer.flush()])


def _gzip_bomb(exchange: Exchange) -> None:
    exchange.answer(200, zeros_in_gzip(), Content_Encoding="gzip")


def _endless(exchange: Exchange) -> None:
    exchange.send(exchange.head(200, {"Content-Type": "application/json"}) + b'{"ratings": [')
    while not exchange.platform.stopping.is_set():
        exchange.send(b"0," * 32_768)


def _endless_trailer(exchange: Exchange) -> None:
    head = exchange.head(200, {"Transfer-Encoding": "chunked"})
    exchange.send(head + b"2\r\n{}\r\n0\r\n")
    while not exchange.platform.stopping.is_set():
        exchange.send((b"X-Trailer: " + b"x" * 1000 + b"\r\n") * 64)


def _garbage(exchange: Exchange) -> None:
    exchange.send(b"\x00\xff SSH-2.0-surprise\r\n\r\n")


def _redirect_to_stranger(exchange: Exchange) -> None:
    stranger = exchange.platform.stranger_url
    exchange.answer(307, b"", Location=f"{stranger}{exchange.request.path}")


def _redirect_home(exchange: Exchange) -> None:
    query = f"?{exchange.request.query}" if exchange.request.query else ""
    exchange.answer(307, b"", Location=f"{exchange.request.path}{query}")


def _not_success(exchange: Exchange) -> None:
    exchange.answer(200, b'{"success": false, "reason": "the moderators sleep"}')


def _error_500_after_applying(exchange: Exchange) -> None:
    exchange.good_body()
    _status(500)(exchange)


FAULTS: dict[str, Step] = {
    "retry_after_seconds": _status(429, Retry_After="3"),
    "retry_after_date": _retry_after_date,
    "retry_after_day": _status(429, Retry_After="86400"),
    "retry_after_date_in_a_day": _retry_after_date_in_a_day,
    "retry_after_nonsense": _status(429, Retry_After="soon"),
    "busy_503_retry_after": _status(503, Retry_After="2"),
    "error_500": _status(500),
    "error_500_after_applying": _error_500_after_applying,
    "error_502": _status(502),
    "error_503": _status(503),
    "reset_before": _reset_before,
    "close_before": _close_before,
    "reset_inside": _reset_inside,
    "cut_length": _cut_length,
    "stall_before": _stall_before,
    "stall_inside": _stall_inside,
    "slow_drip": _slow_drip,
    "slow_headers": _slow_headers,
    "truncated_json": _truncated_json,
    "chunked_cut": _chunked_cut,
    "gzip_cut": _gzip_cut,
    "gzip_garbage": _gzip_garbage,
    "gzip_good": _gzip_good,
    "html_200": _html,
    "empty_200": _empty,
    "wrong_schema": _wrong_schema,
    "json_list": _json_list,
    "deep_nesting": _deep_nesting,
    "gzip_bomb": _gzip_bomb,
    "endless": _endless,
    "endless_trailer": _endless_trailer,
    "garbage": _garbage,
    "lost_reply": _lost_reply,
    "status_400": _status(400),
    "status_401": _status(401),
    "status_403": _status(403),
    "status_404": _status(404),
    "status_408": _status(408),
    "status_409": _status(409),
    "status_413": _status(413),
    "status_422": _status(422),
    "status_425": _status(425),
    "redirect_to_stranger": _redirect_to_stranger,
    "redirect_home": _redirect_home,
    "not_success": _not_success,
    "ok": Exchange.good,
}
