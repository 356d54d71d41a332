"""The socket that the server listens on, with clear words where there can be none."""

from __future__ import annotations

import errno
import socket

from app_api.this_machine import is_loopback
from labelaudit_dagster.failures import ExpectedFailure

_BACKLOG = 2048


class ListenError(ExpectedFailure, OSError):
    """The server cannot listen where it was told to; the message says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already, so that nobody else can take the port.

    Args:
        host: Name or numeric address of this machine.
        port: 0 for any that is free.

    Raises:
        ListenError: The name is not known, or the port is taken or not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise ListenError(
            f"--host {host} is no address of this machine; 127.0.0.1 is for this machine alone, "
            "0.0.0.0 for every network."
        ) from None
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(_why(error, host, port)) from error
    listener.setblocking(False)
    return listener


def is_private(listener: socket.socket) -> bool:
    """Tell whether only programs on this machine can reach a listening socket."""
    return is_loopback(str(listener.getsockname()[0]))


def shown_address(listener: socket.socket) -> str:
    """Return the address to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{port}"


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program; end it, or choose another "
            "port with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has; choose one from 1024 on."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is no address of this machine; choose one that is."
    return f"The server cannot listen on {host}, port {port} ({error.strerror}); choose another."
