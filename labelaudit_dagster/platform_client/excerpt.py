"""The few words of a foreign answer that go into an error message."""

from __future__ import annotations

from labelaudit_dagster.platform_client.api_key import ApiKey

EXCERPT_CHARACTERS = 200


def excerpt(body: bytes, key: ApiKey, *, complete: bool) -> str:
    """Make foreign bytes fit to be shown: one line, printable, short, without the key.

    Args:
        body: the answer or its beginning.
        key: removed wherever it occurs.
        complete: False where `body` was cut; the end is then dropped, since it could hold the
            first part of the key.

    Returns:
        At most 200 characters.
    """
    text = body.decode("utf-8", errors="replace")
    if not complete:
        text = text[: -len(key)]
    text = key.redact(text)
    printable = "".join(character if character.isprintable() else " " for character in text)
    # Once more, now that control characters strewn into the key are blanks.
    line = key.redact(" ".join(printable.split()))
    return line if len(line) <= EXCERPT_CHARACTERS else line[: EXCERPT_CHARACTERS - 1] + "…"
