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

import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platform_exchange import AppliedPost, Exchange, RecordedRequest, Step
from platform_faults import FAULTS, zeros_in_gzip

__all__ = ["FAULTS", "SMALL_EXPORT", "AppliedPost", "Exchange", "PlatformServer", "RecordedRequest"]

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

    def body_of(self, request: RecordedRequest) -> bytes:
        """Write what a GET asks for."""
        return self.export_body(request.query)

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
