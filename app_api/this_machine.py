"""Whether a request comes from this machine and means it."""

from __future__ import annotations

import ipaddress

from fastapi import Request

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_local(request: Request) -> bool:
    """Tell whether a request comes from a program on this machine that means this machine.

    The sender's address alone is not enough: a proxy on this machine may pass on requests of
    strangers, and a web page can make a browser on this machine send requests under a name of
    the page's choice.
    """
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.client.host if request.client else ""
    named = request.headers.get("host", "")
    name = named[1:].partition("]")[0] if named.startswith("[") else named.partition(":")[0]
    return is_loopback(peer) and (name.lower() == "localhost" or is_loopback(name))


def is_loopback(address: str) -> bool:
    """Tell whether a numeric address is one that only this machine can reach."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
