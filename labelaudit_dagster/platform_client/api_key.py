"""API keys: checked before anything is sent, and kept out of everything that is shown."""

from __future__ import annotations

import html
import json
import re
from typing import NoReturn
from urllib.parse import quote, quote_plus

from labelaudit_dagster.platform_client.errors import Misconfigured

PLATFORM_KEY_SETTING = "LABELAUDIT_PLATFORM_API_KEY"


def clean_api_key(key: str | None, setting: str = PLATFORM_KEY_SETTING) -> str:
    """Return the key without the blanks and line ends that copying brings along.

    Args:
        key: the key as it was configured, or None.
        setting: name of the setting, for the message.

    Raises:
        Misconfigured: if there is no key, or it holds what no HTTP header can carry. The message
            names the setting and never shows the key.
    """
    text = (key or "").strip(" \t\r\n")
    if not text:
        raise Misconfigured(
            f"{setting} is not set, so nothing was sent; set it to the key that the service gave."
        )
    if any(not 33 <= ord(character) <= 126 for character in text):
        raise Misconfigured(
            f"{setting} holds a line end, blank or other character that no HTTP header can carry, "
            "so nothing was sent; copy the key again."
        )
    return text


class ApiKey:
    """A checked key that shows itself to nobody who does not ask for it by name.

    Args:
        key: the key as it was configured, or None.
        setting: name of the setting, for the message.
        required: whether the service has to have one; without, a missing key is of length 0.

    Raises:
        Misconfigured: as `clean_api_key`, for a missing key only where one is required.
    """

    __slots__ = ("_text", "_traces")

    def __init__(
        self, key: str | None, setting: str = PLATFORM_KEY_SETTING, *, required: bool = True
    ) -> None:
        if not required and key is None:
            self._text = ""
            self._traces = re.compile("(?!)")  # matches nothing
            return
        self._text = clean_api_key(key, setting)
        written = {
            self._text,
            quote(self._text, safe=""),
            quote_plus(self._text),
            html.escape(self._text),
            json.dumps(self._text)[1:-1],
        }
        longest_first = sorted(written, key=lambda text: (-len(text), text))
        # Blanks between the characters cover keys that were wrapped or had characters removed.
        spaced = (r"\s*".join(map(re.escape, text)) for text in longest_first)
        self._traces = re.compile("|".join(spaced), re.IGNORECASE)

    def reveal(self) -> str:
        """Return the key itself, for the one header that carries it."""
        return self._text

    def redact(self, text: str) -> str:
        """Return the text with every occurrence of the key replaced, however it is escaped."""
        return self._traces.sub("[key removed]", text)

    def __len__(self) -> int:
        return len(self._text)

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key is never written anywhere; read it from the settings again")
