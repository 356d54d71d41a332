"""What stands between the pipeline and the platform, and misbehaves when it is told to."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

TROUBLES: Final = ("500", "429", "half an answer", "lost reply", "slow")
_PASSED_ON = ("If-None-Match", "Accept-Encoding", "Idempotency-Key", "Content-Type")
_GIVEN_BACK = ("Content-Type", "Content-Encoding", "ETag", "Date", "Retry-After")


class Proxy:
    """Passes requests on to the embedded platform's routes of a server on this machine.

    Args:
        port: of that server.
        seed: of the troubles.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._draw = random.Random(seed)
        self._troubled_until = 0.0
        self.troubles: Counter[str] = Counter()
        self.posts: list[tuple[str, int]] = []
        """Idempotency key and status of every constitution that reached the platform."""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                proxy.pass_on(self, b"")

            def do_POST(self) -> None:
                proxy.pass_on(self, self.rfile.read(int(self.headers["Content-Length"])))

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Base address of the platform, as LABELAUDIT_PLATFORM_URL takes it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/openapi"

    def misbehave(self, seconds: float) -> None:
        """Have every request meet a trouble for so long."""
        self._troubled_until = time.monotonic() + seconds

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer a request, well or badly."""
        trouble = None
        if time.monotonic() < self._troubled_until:
            trouble = self._draw.choice(TROUBLES)
            self.troubles[trouble] += 1
        if trouble in ("500", "429"):
            _answer(handler, int(trouble), {"Retry-After": "1"}, b"{}")
            return
        if trouble == "slow":
            time.sleep(2)
        try:
            status, headers, content = self._ask(handler, body)
        except (OSError, http.client.HTTPException):
            _answer(handler, 502, {}, b"{}")  # the server was just killed
            return
        if handler.command == "POST":
            self.posts.append((handler.headers.get("Idempotency-Key", ""), status))
        if trouble == "lost reply":
            handler.close_connection = True
            return
        if trouble == "half an answer":
            headers["Content-Length"] = str(len(content) + 1000)
        _answer(handler, status, headers, content)

    def _ask(
        self, handler: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            headers = {name: handler.headers[name] for name in _PASSED_ON if handler.headers[name]}
            connection.request(handler.command, handler.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            found = {name: answer.headers[name] for name in _GIVEN_BACK if answer.headers[name]}
            return answer.status, found, content
        finally:
            connection.close()


def _answer(
    handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes
) -> None:
    try:
        handler.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
    except OSError:
        handler.close_connection = True  # the client hung up, which is its right
