"""One request to the misbehaving platform, and the ways to answer it."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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


class Platform(Protocol):
    """What an exchange needs to know of its server."""

    stopping: threading.Event
    stranger_url: str
    drip_seconds: float

    @property
    def pause(self) -> Callable[[float], None]:
        """Wait between two dripped bytes."""

    @property
    def now(self) -> Callable[[], datetime]:
        """Tell the time."""

    def apply(self, request: RecordedRequest) -> bool:
        """Let a POST take effect."""

    def body_of(self, request: RecordedRequest) -> bytes:
        """Write what a GET asks for."""

    def well_behaved(self, request: RecordedRequest) -> tuple[int, bytes, dict[str, str]]:
        """Return status, body and headers of an answer in good order."""


@dataclass
class Exchange:
    """One request and the ways to answer it."""

    platform: Platform
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
        return self.platform.body_of(self.request)

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
