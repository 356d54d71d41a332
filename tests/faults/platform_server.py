"""A ratings platform on loopback that misbehaves exactly as it is told.

    with PlatformServer(plan=["error_503", "stall", "ok"]) as platform:
        PlatformClient(platform.url, "key", ...).fetch_export()
        assert [request.method for request in platform.requests] == ["GET", "GET", "GET"]

Every request takes the next step of the plan; after its end the platform behaves well. A step is
a name of `FAULTS` or a function of an `Exchange`. Everything that arrives is recorded before the
step decides about the answer.

A POST is applied at most once per idempotency key; `applied` lists what was applied, in order.
Faults that hit a POST after it was applied (a lost reply, a cut answer) are the ones that could
make a careless client publish twice.
"""

from __future__ import annotations

import gzip
import json
import select
import socket
import socketserver
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

EXPORT_LISTS = ("topics", "guidelines", "ratings", "users")

SMALL_EXPORT: dict[str, Any] = {
    "topics": [{"id": "t1", "title": "Tone"}],
    "guidelines": [
        {"id": "g1", "value": "Say what you know.", "embeddings": [], "intercept": None},
        {"id": "g2", "value": "Say what you do not know.", "embeddings": [], "intercept": None},
    ],
    "ratings": [
        {"authorId": "u1", "guidelineId": "g1", "rating": "helpful"},
        {"authorId": "u2", "guidelineId": "g1", "rating": "helpful"},
        {"authorId": "u2", "guidelineId": "g2", "rating": "not_helpful"},
    ],
    "users": [
        {"id": "u1", "embeddings": [], "intercept": None},
        {"id": "u2", "embeddings": [], "intercept": None},
    ],
    "mu": None,
}


@dataclass(frozen=True)
class RecordedRequest:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class AppliedPost:
    """One POST that took effect."""

    path: str
    key: str
    body: bytes


@dataclass
class Exchange:
    """One request and the ways to answer it."""

    platform: PlatformServer
    request: RecordedRequest
    sock: socket.socket

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def head(self, status: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} Whatever"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        """Send a complete answer; header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Length", str(len(body)))
        self.send(self.head(status, named) + body)

    def good_body(self) -> bytes:
        """Take effect, and return the body that a well-behaved platform would answer with."""
        if self.request.method == "POST":
            self.platform.apply(self.request)
            return b'{"success": true, "note": "' + b"thank you " * 40 + b'"}'
        return self.platform.export_body(self.request.query)

    def good(self) -> None:
        """Answer like a well-behaved platform."""
        status, body, headers = self.platform.well_behaved(self.request)
        self.answer(status, body, **headers)

    def reset(self) -> None:
        """Close the connection with a reset instead of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_for_hangup(self) -> None:
        """Say nothing until the client gives up or the server stops."""
        while not self.platform.stopping.is_set():
            if select.select([self.sock], [], [], 0.02)[0] and not self.sock.recv(4096):
                return

    def drip(self, data: bytes) -> None:
        """Send one byte at a time until the client gives up."""
        for position in range(len(data)):
            if self.platform.stopping.is_set():
                return
            self.send(data[position : position + 1])
            self.platform.pause(self.platform.drip_seconds)


Step = Callable[[Exchange], None]


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


class _Handler(socketserver.BaseRequestHandler):
    server: PlatformServer._Listener

    def handle(self) -> None:
        platform = self.server.platform
        sock: socket.socket = self.request
        sock.settimeout(10)
        try:
            if platform.tls is not None:
                sock = platform.tls.wrap_socket(sock, server_side=True)
            request = _read_request(sock, platform.clock)
            if request is not None:
                platform.take_step(request)(Exchange(platform, request, sock))
        except OSError:
            return  # the client hung up, which is its right
        finally:
            sock.close()


def _ready(plan: Iterable[str | Step]) -> list[str | Step]:
    """Check the names of a plan, and prepare what would take longer than a client waits."""
    steps = list(plan)
    unknown = {step for step in steps if isinstance(step, str)} - FAULTS.keys()
    if unknown:
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
    if "gzip_bomb" in steps:
        zeros_in_gzip()
    return steps


def _read_request(sock: socket.socket, clock: Callable[[], float]) -> RecordedRequest | None:
    data = b""
    while b"\r\n\r\n" not in data:
        received = sock.recv(65_536)
        if not received:
            return None
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    request_line, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = request_line.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    length = int(headers.get("content-length", "0"))
    parts = [body]
    missing = length - len(body)
    while missing > 0:
        received = sock.recv(min(missing, 1 << 20))
        if not received:
            return None
        parts.append(received)
        missing -= len(received)
    url = urlsplit(target)
    return RecordedRequest(method, url.path, url.query, headers, b"".join(parts), clock())


@dataclass
class PlatformServer:
    """The server. Use it as a context manager, or call `start` and `stop`.

    Attributes:
        plan: steps for the coming requests, in order.
        export: document that the export serves: a mapping (flags leave lists out) or bytes.
        etag: fingerprint of the export, or None for a platform without.
        stranger_url: where `redirect_to_stranger` points.
        publishes_back: whether an applied constitution's parameters appear in the next export.
        clock: gives `RecordedRequest.at`.
        pause: waits between two dripped bytes; a test may pass a virtual clock's sleep.
        drip_seconds: how long.
        now: the time, for `Retry-After` dates.
        tls: makes it an https server.
    """

    plan: Iterable[str | Step] = ()
    export: Mapping[str, Any] | bytes = field(default_factory=lambda: dict(SMALL_EXPORT))
    etag: str | None = None
    stranger_url: str = "http://127.0.0.1:9"
    publishes_back: bool = False
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    drip_seconds: float = 0.02
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    tls: ssl.SSLContext | None = None

    class _Listener(socketserver.ThreadingTCPServer):
        daemon_threads = False
        block_on_close = True
        allow_reuse_address = True
        platform: PlatformServer

    def __post_init__(self) -> None:
        self.requests: list[RecordedRequest] = []
        self.applied: list[AppliedPost] = []
        self.conflicts: list[AppliedPost] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._steps = _ready(self.plan)

    def start(self) -> PlatformServer:
        self._listener = self._Listener(("127.0.0.1", 0), _Handler)
        self._listener.platform = self
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop, and wait until no thread of the server is left."""
        self.stopping.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def __enter__(self) -> PlatformServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._listener.server_address[1]}"

    @property
    def url(self) -> str:
        """Base address as a setting would hold it."""
        return f"{self.origin}/api/openapi"

    def prepare(self, plan: Iterable[str | Step]) -> None:
        """Replace what is left of the plan and forget what was recorded."""
        with self._lock:
            self._steps = _ready(plan)
            self.requests.clear()
            self.applied.clear()
            self.conflicts.clear()

    def drop_rest_of_plan(self) -> None:
        """Behave well from now on."""
        with self._lock:
            self._steps.clear()

    def take_step(self, request: RecordedRequest) -> Step:
        """Record a request and return how it is to be answered."""
        with self._lock:
            self.requests.append(request)
            step = self._steps.pop(0) if self._steps else "ok"
        return FAULTS[step] if isinstance(step, str) else step

    def apply(self, request: RecordedRequest) -> bool:
        """Let a POST take effect unless its key has; False where the key had another document."""
        post = AppliedPost(request.path, request.headers.get("idempotency-key", ""), request.body)
        with self._lock:
            for earlier in self.applied:
                if post.key and (earlier.path, earlier.key) == (post.path, post.key):
                    if earlier.body != post.body:
                        self.conflicts.append(post)
                    return earlier.body == post.body
            self.applied.append(post)
            if self.publishes_back and post.path.endswith("/constitution"):
                self._publish_back(json.loads(post.body))
        return True

    def _publish_back(self, constitution: Mapping[str, Any]) -> None:
        if isinstance(self.export, bytes):
            raise TypeError("publishes_back needs an export that is a mapping")
        document = json.loads(json.dumps(self.export))
        for rows, side in (("guidelines", "guideline"), ("users", "user")):
            for row in document[rows]:
                name = str(row["id"])
                row["intercept"] = constitution[f"{side}_intercepts"].get(name)
                row["embeddings"] = constitution[f"{side}_embeddings"].get(name, [])
        document["mu"] = constitution["mu"]
        self.export = document

    def export_body(self, query: str) -> bytes:
        """Write the export with the lists that the flags ask for."""
        if isinstance(self.export, bytes):
            return self.export
        flags = parse_qs(query)
        asked = {name for name, values in flags.items() if values[-1].lower() == "true"}
        optional = {*EXPORT_LISTS, "mu"}
        document = {k: v for k, v in self.export.items() if k in asked or k not in optional}
        return json.dumps(document).encode()

    def well_behaved(self, request: RecordedRequest) -> tuple[int, bytes, dict[str, str]]:
        """Return status, body and headers of an answer in good order."""
        json_type = {"Content_Type": "application/json"}
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return 401, b'{"detail": "no key"}', json_type
        if request.method == "POST":
            if self.apply(request):
                return 200, b'{"success": true}', json_type
            return 422, b'{"detail": "this key came with another document"}', json_type
        if not request.path.endswith("/exports"):
            return 404, b'{"detail": "no such path"}', json_type
        if self.etag is not None:
            json_type["ETag"] = self.etag
            if request.headers.get("if-none-match") == self.etag:
                return 304, b"", json_type
        return 200, self.export_body(request.query), json_type
