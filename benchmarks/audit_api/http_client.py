"""A small HTTP client over one kept connection, so that the generator takes little of the cores."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


class Connection:
    """One connection to a server, kept open; requests follow each other.

    Args:
        url: Of the server.
        token: Sent with each request.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self._address = urlsplit(url)
        self._head = f"Host: {self._address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def another(self) -> Connection:
        """Return a further connection to the same server."""
        return Connection(self._url, self._token)

    async def get(self, path: str, **query: Any) -> Answer:
        """Send a GET."""
        return await self._send("GET", f"{path}?{urlencode(query)}", b"")

    async def post(self, path: str, document: Any) -> Answer:
        """Send a POST with JSON."""
        return await self._send("POST", path, json.dumps(document).encode())

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            _, writer = self._streams
            writer.close()
            await writer.wait_closed()

    async def _send(self, method: str, target: str, body: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._address.hostname, self._address.port, limit=1 << 20
            )
        reader, writer = self._streams
        head = f"{method} {target} HTTP/1.1\r\n{self._head}"
        if method == "POST":
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}\r\n".encode("ascii") + body)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in lines if line)
        # The routes measured here all announce the length.
        content = await reader.readexactly(int(headers[b"content-length"]))
        return Answer(int(first.split()[1]), content)
