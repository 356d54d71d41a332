"""What people agree to before their first rating."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labelaudit_dagster.settings import SettingsError
from labelaudit_dagster.store import text_version

MOST_BYTES: Final = 64 * 1024
_ADVICE: Final = (
    "Name a text file in UTF-8, its paragraphs separated by empty lines, or unset the variable."
)


@dataclass(frozen=True)
class ConsentText:
    """What people agree to. Whoever agreed to another text is asked again.

    Attributes:
        paragraphs: The text, paragraph by paragraph, without markup; at least one.
    """

    paragraphs: tuple[str, ...]

    @property
    def whole(self) -> str:
        """The text as it is kept with every consent."""
        return "\n\n".join(self.paragraphs)

    @property
    def version(self) -> str:
        """What tells this text from others."""
        return text_version(self.whole)


def consent_text(file: Path | None) -> ConsentText:
    """Return the text of an installation: that of a file, or the one that comes with us.

    Args:
        file: A text in UTF-8, at most 64 kB, its paragraphs separated by empty lines; None for
            ours. Line breaks within a paragraph count as blanks.

    Raises:
        SettingsError: The file cannot be read, is too large, is no such text, or is empty.
    """
    if file is None:
        return OURS
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refused(f"{file} cannot be read ({error.strerror})") from None
    if len(raw) > MOST_BYTES:
        raise _refused(f"{file} holds more than {MOST_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(f"{file} is not UTF-8 at byte {error.start:,}") from None
    if "\0" in text:
        raise _refused(f"{file} holds a zero byte, which no text has")
    parts = (" ".join(part.split()) for part in re.split(r"\n[^\S\n]*\n", _one_kind_of_end(text)))
    paragraphs = tuple(part for part in parts if part)
    if not paragraphs:
        raise _refused(f"{file} is empty")
    return ConsentText(paragraphs)


def _one_kind_of_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refused(problem: str) -> SettingsError:
    return SettingsError(f"LABELAUDIT_CONSENT_FILE: {problem}. {_ADVICE}")


OURS: Final = ConsentText(
    (
        "You will see guidelines for an AI, one at a time, and say of each whether it would "
        "help. Your ratings, together with those of others, decide which guidelines become part "
        "of the constitution.",
        "What is kept of it: the name that you go by here, your ratings and when you gave them, "
        "the tags that you add, and guidelines that you propose.",
        "Who sees it: whoever runs this installation, and analysts they let in. The "
        "constitution shows numbers about all raters together, and none about groups of fewer "
        "than five people. Your name is shown to no other participant. When a constitution is "
        "published, the platform that receives it gets the model's numbers for each rater, "
        "under these names.",
        "You can change or take back a rating at any time, download everything that is stored "
        "about you, and erase it, on the page My data. Taking part is your choice: you can stop "
        "whenever you like.",
    )
)
"""The text where an installation names none."""
