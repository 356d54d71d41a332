"""Connections that cannot outlive their time, however slowly the other side talks.

A socket timeout limits the silence between two bytes only: a server that sends one byte every
nine seconds holds a plain client for ever, in the status line and the headers too, where no
caller can step in. These connections therefore set the timeout anew before every single read and
write, to what is left until the deadline. urllib3 does everything else.

Not bounded: the name resolution, which the system does in one blocking call with its own limits.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import Timeout, Url

_BLOCK = 64 * 1024


class FloodError(Exception):
    """More bytes arrived than any acceptable answer has."""


class Limits:
    """The time and the bytes that are left for one attempt."""

    def __init__(
        self, clock: Callable[[], float], timeout: float, until: float, received: int
    ) -> None:
        """Start counting.

        Args:
            clock: monotonic seconds.
            timeout: longest silence (s).
            until: moment on the clock after which nothing is read or written any more.
            received: most bytes from the socket. Trailers and interim answers, which never
                reach the caller, could otherwise go on until the deadline.
        """
        self._clock = clock
        self._timeout = timeout
        self._until = until
        self._received = received

    def count(self, received: int) -> None:
        """Note that bytes arrived.

        Raises:
            FloodError: if they are too many.
        """
        self._received -= received
        if self._received < 0:
            raise FloodError

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self._clock() >= self._until

    def shorten(self, seconds: float) -> None:
        """Bring the end forward to at most this many seconds from now."""
        self._until = min(self._until, self._clock() + seconds)

    def patience(self) -> float:
        """Longest wait for the next byte (s, > 0).

        Raises:
            TimeoutError: if the time is over.
        """
        left = self._until - self._clock()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return min(self._timeout, left)


class _BoundedReader(io.RawIOBase):
    """The socket's raw reader, with the timeout set before each read."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, limits: Limits) -> None:
        self._raw = raw
        self._sock = sock
        self._limits = limits

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._limits.patience())
        # The type stubs leave readinto out of RawIOBase.
        received = cast("int | None", self._raw.readinto(buffer))
        self._limits.count(received or 0)
        return received

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """An answer that is read through a bounded reader from its first byte on."""

    def __init__(self, sock: socket.socket, *args: Any, limits: Limits, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(raw, sock, limits))


class _BoundedConnection(HTTPConnection):
    """A plain connection under limits."""

    def __init__(self, *args: Any, limits: Limits, **options: Any) -> None:
        super().__init__(*args, **options)
        self._limits = limits
        # http.client calls this like the class itself, which its stub does not foresee.
        answer = cast("type[http.client.HTTPResponse]", partial(_BoundedResponse, limits=limits))
        self.response_class = answer

    def _new_conn(self) -> socket.socket:
        """Try the host's addresses in turn, each with its own, shrinking timeout."""
        name, timeout = self._dns_host, self.timeout
        try:
            found = socket.getaddrinfo(name, self.port, 0, socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        problem: NewConnectionError | ConnectTimeoutError | None = None
        for address in dict.fromkeys(str(entry[4][0]) for entry in found):
            try:
                self.host, self.timeout = address, self._limits.patience()
                return super()._new_conn()
            except (NewConnectionError, ConnectTimeoutError) as error:
                problem = error
            finally:
                self.host, self.timeout = name, timeout
        raise problem or NewConnectionError(self, "the name has no address")

    def send(self, data: Any) -> None:
        """Send in blocks, so that a slow line is no timeout but a deaf server is one."""
        view = memoryview(data)
        for start in range(0, len(view), _BLOCK):
            if self.sock is not None:
                self.sock.settimeout(self._limits.patience())
            super().send(view[start : start + _BLOCK])


class _BoundedTlsConnection(_BoundedConnection, HTTPSConnection):
    """A TLS connection under limits."""


class _BoundedPool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnection


class _BoundedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTlsConnection


def open_pool(url: Url, limits: Limits, tls: Callable[[], ssl.SSLContext]) -> HTTPConnectionPool:
    """Make a pool for one request to one origin.

    Neither `.netrc` nor the proxies of the environment are looked at: only `requests.Session`
    does that, and it is not involved.

    Args:
        url: an absolute http or https address.
        limits: hold for connecting, sending and receiving.
        tls: gives the context for https; certificates and host names are always verified.

    Raises:
        TimeoutError: if the time is over already.
    """
    host = url.host or ""
    options: dict[str, Any] = {
        "timeout": Timeout(limits.patience()),
        "maxsize": 1,
        "retries": False,
        "limits": limits,
    }
    if url.scheme == "https":
        return _BoundedTlsPool(host, url.port, ssl_context=tls(), **options)
    return _BoundedPool(host, url.port, **options)


def verifying_context() -> ssl.SSLContext:
    """A TLS context that trusts the system's authorities and certifi's.

    The system's include what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, which is the way to a
    platform with a certificate of one's own authority.
    """
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    return context
