"""Texts that open something: a public id that finds the row, and a secret that only hashes keep.

A text reads `<prefix>_<id>_<secret>`. The secret has 256 random bits, so that a plain SHA-256 of
it can neither be guessed nor looked up.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_ID_BYTES = 8
_SECRET_BYTES = 32
_ID = re.compile(f"[0-9a-f]{{{2 * _ID_BYTES}}}")


@dataclass(frozen=True)
class NewSecret:
    """A fresh id and secret.

    Attributes:
        public_id: What finds the row: 16 hexadecimal digits.
        secret_hash: What is stored of the secret.
        text: What the holder sends; it is not stored and cannot be made again.
    """

    public_id: str
    secret_hash: bytes
    text: str


def new_secret(prefix: str) -> NewSecret:
    """Make an id and a secret."""
    public_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    return NewSecret(public_id, _hash(secret), f"{prefix}_{public_id}_{secret}")


def public_id(prefix: str, text: str) -> str | None:
    """Return the id in a text of this kind, whatever its secret; None if it is no such text."""
    found, _, rest = text.partition("_")
    identifier = rest.partition("_")[0]
    return identifier if found == prefix and _ID.fullmatch(identifier) else None


def opens(text: str, secret_hash: bytes | memoryview | None) -> bool:
    """Tell, in constant time, whether the secret in a text is the one that a row has.

    Args:
        text: The text.
        secret_hash: Of the row with the text's id; None where there is no such row, which
            takes the same steps.
    """
    secret = text.partition("_")[2].partition("_")[2]
    expected = bytes(32) if secret_hash is None else bytes(secret_hash)
    return hmac.compare_digest(_hash(secret), expected) and secret_hash is not None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
