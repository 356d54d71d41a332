"""Addresses: the base of a platform, and whether a redirect stays with it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from labelaudit_dagster.platform_client.errors import Misconfigured

_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_base_url(text: str | None, setting: str) -> Url:
    """Check the base address of a service (what stands before `/exports`).

    Args:
        text: the address as it was configured.
        setting: name of the setting, for the message.

    Raises:
        Misconfigured: if the address is missing, is no http(s) address, or carries credentials, a
            query or a fragment. The message does not repeat an address that holds credentials.
    """
    address = (text or "").strip()
    if not address:
        raise Misconfigured(f"{setting} is not set; set it to the base address of the service.")
    try:
        url = parse_url(address)
        split = urlsplit(address)
        # The idna codec is what the system's resolver is asked with.
        (url.host or "").strip("[]").encode("idna")
    except (LocationParseError, ValueError):
        raise Misconfigured(f"{setting} is no web address; check it for typing errors.") from None
    if url.auth is not None or split.username is not None or "@" in split.netloc:
        raise Misconfigured(
            f"{setting} holds credentials; leave them out and put the key into its own setting."
        )
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise Misconfigured(f"{setting} must begin with http:// or https:// and name a host.")
    if url.query is not None or url.fragment is not None:
        raise Misconfigured(f"{setting} has a query or a fragment; give the base address alone.")
    return url._replace(path=(url.path or "").rstrip("/"))


def join(base: Url, path: str, query: str = "") -> Url:
    """Append a relative path, as it is, and an encoded query to a base address."""
    full = f"{base.path or ''}/{path.lstrip('/')}"
    return base._replace(path=full, query=query or None)


def without_query(url: Url) -> str:
    """Write an address as it may be shown: no query, no fragment."""
    return url._replace(query=None, fragment=None, auth=None).url


def origin(url: Url) -> tuple[str, str, int]:
    """Scheme, host and port, with the scheme's default port filled in."""
    scheme = url.scheme or ""
    return scheme, (url.host or "").lower(), url.port or _DEFAULT_PORTS.get(scheme, 0)


def redirect_target(current: Url, location: str) -> Url | None:
    """Resolve a `Location` header.

    Returns:
        The address, or None where the header holds nothing that can be followed safely (control
        characters, backslashes, credentials, another scheme).
    """
    if not location or "\\" in location or any(not 33 <= ord(char) <= 126 for char in location):
        return None
    try:
        target = parse_url(urljoin(current.url, location))
    except (LocationParseError, ValueError):
        return None
    if target.scheme not in _DEFAULT_PORTS or not target.host or target.auth is not None:
        return None
    return target._replace(fragment=None)
