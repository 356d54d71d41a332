"""Texts of strangers, made fit to be shown: nothing invisible, nothing that turns a line around."""

from __future__ import annotations

import re

_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_PICTURES = 0x2400


def shown_lines(text: str) -> list[str]:
    """Return a text as lines without blanks at their ends; no lines for an empty text.

    Control characters become their pictures (NUL is U+2400). Characters that reorder what follows
    are named, as `[U+202E]`: letters of right-to-left scripts need none of them.
    """
    cleaned = _CONTROL.sub(_picture, _LINE_ENDS.sub("\n", text))
    named = _TURNING.sub(lambda found: f"[U+{ord(found.group()):04X}]", cleaned)
    lines = [" ".join(line.split()) for line in named.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def shown_line(text: str) -> str:
    """Return a text as one line."""
    return " ".join(line for line in shown_lines(text) if line)


def shown_paragraphs(text: str) -> list[list[str]]:
    """Return a text as paragraphs of lines: blank lines part them."""
    paragraphs: list[list[str]] = [[]]
    for line in shown_lines(text):
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return [lines for lines in paragraphs if lines]


def _picture(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(_PICTURES + code)
    return "\u2421" if code == 0x7F else "\ufffd"
