"""What is asked, and of whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labelaudit_dagster.platform_client.api_key import PLATFORM_KEY_SETTING


@dataclass(frozen=True)
class Service:
    """Who is called, for the header and for the messages.

    Attributes:
        name: as a sentence names it.
        url_setting: setting with the base address.
        key_setting: setting with the API key.
        scheme: word before the key in the `Authorization` header; "" for the key alone.
        key_required: whether nothing may be sent without a key.
    """

    name: str = "the platform"
    url_setting: str = "LABELAUDIT_PLATFORM_URL"
    key_setting: str = PLATFORM_KEY_SETTING
    scheme: str = "Bearer"
    key_required: bool = True


@dataclass(frozen=True)
class Call:
    """What is asked.

    Attributes:
        method: "GET" or "POST".
        path: relative to the base address.
        query: encoded query without the question mark.
        headers: besides those that every call carries.
        body: sent unchanged with every attempt.
        judged: statuses outside 2xx whose whole answer the judge wants to see.
        reader: reads the body of a 2xx answer block by block, in place of keeping it; what it
            returns is `Answer.content`. Each attempt reads anew. It may raise `Unacceptable`.
        quotable: whether messages may quote what the other side said. Answers about people are
            not.
        headers_only: leave the body of the answer unread.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    judged: frozenset[int] = frozenset()
    reader: Callable[[Iterator[bytes]], Any] | None = None
    quotable: bool = True
    headers_only: bool = False
