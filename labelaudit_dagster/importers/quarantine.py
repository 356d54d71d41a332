"""Why rows are not kept: the reasons, the warnings, and the table that holds such rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from labelaudit_dagster.importers.tables import QUARANTINE, empty_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

REASONS: Final[dict[str, str]] = {
    "not_an_object": "The entry of a JSON list is not an object",
    "malformed_row": "The line of a CSV file does not have as many fields as the header",
    "invalid_id": "An id is absent, empty, or neither text nor a whole number",
    "unstorable_id": "An id holds the character NUL, which databases cannot store",
    "ambiguous_id": 'The id occurs both as a number and as text (7 and "7")',
    "missing_text": "A guideline or comment without a text, or a topic without a title",
    "unstorable_text": "A text holds the character NUL, which databases cannot store",
    "differing_text": "The text is not the one that most rows give to the same comment",
    "invalid_rating": "The rating is neither of its two values: null, nested, not finite, unknown",
    "not_a_number": "The rating of a comment, or the system's score, is no finite number",
    "out_of_scale": "The rating is no value of the scale, or the score lies beyond its ends",
    "unknown_comment": "The score is of a comment that is not among those kept",
    "unknown_participant": "The rating is by somebody who is not among the participants kept",
    "unknown_guideline": "The rating is of something that is not among the guidelines kept",
    "future_time": "The time of the rating lies in the future",
    "superseded": "A repeat of a row that was kept, or an older one of the same rater and item",
    "conflicting": "Rows of the same key that differ, and nothing says which one is meant",
    "moderated": "A comment that moderators left out, or a vote on one",
}
"""Every reason with which a row can be quarantined, and what it means."""

EXPECTED_REASONS: Final = frozenset({"superseded", "moderated"})
"""Reasons that healthy sources show too; leave them out when judging a source's quality."""

WARNINGS: Final[dict[str, str]] = {
    "invalid_intercept": "A published intercept is not a finite number and was dropped",
    "invalid_embedding": "A published embedding is not a list of finite numbers of the common "
    "length and was dropped",
    "invalid_mu": "The published global intercept is absent or not a finite number; published "
    "parameters cannot be used for a warm start",
    "invalid_time": "A time could not be read (or lies in the future, of a guideline) and was "
    "dropped; the row was kept without it",
    "invalid_reference": "A topic, parent or author id is not usable and was dropped",
    "unknown_topic": "A guideline or topic names a topic that is not known; the reference was "
    "dropped",
    "differing_attribute": "Entries of one participant, rater or guideline differ in an attribute "
    "or a published parameter, which was dropped",
    "invalid_attribute": "An attribute of a participant or rater is not text that can be stored, "
    "a number or a truth value, and was dropped",
    "invalid_share": "A category share is not a number from 0 to 1 and was dropped",
    "duplicate_text": "A comment has the same text as another one; both were kept",
    "text_variant": "A row spells the text of its comment otherwise, in white space or in how "
    "characters are composed; the commonest spelling was taken",
    "text_of_other_rows": "A row has no text; that of other rows of the same comment was taken",
    "no_system_rating": "A comment has no score of the system although others have one",
    "ignored_column": "A column of the wide votes file is neither a comment nor known",
    "sign_flipped": "The votes of a file are stored with the opposite sign and were reversed",
    "sign_unverified": "Nothing at hand confirms the sign of a votes file; the documented one "
    "was taken",
    "differing_vote": "A vote differs between the long and the wide file, or is in the wide file "
    "only; the long file counts",
}
"""Every warning: information that was dropped or assumed although the row was kept."""


def quarantine_frame(
    table: str, row_numbers: npt.NDArray[np.int64], reason: str, raw: Sequence[str]
) -> pd.DataFrame:
    """Return the quarantine rows for one table and one reason.

    Args:
        table: Canonical table the rows were meant for.
        row_numbers: Positions in the source, from zero.
        reason: A key of `REASONS`.
        raw: The rows as JSON text, as long as `row_numbers`.

    Raises:
        KeyError: The reason is not documented.
        ValueError: The lengths differ.
    """
    import pandas as pd

    if reason not in REASONS:
        raise KeyError(reason)
    if len(row_numbers) != len(raw):
        raise ValueError("row_numbers and raw differ in length")
    count = len(raw)
    return pd.DataFrame(
        {
            "table": pd.Series([table] * count, dtype="str"),
            "row_number": pd.Series(row_numbers, dtype="int64"),
            "reason": pd.Series([reason] * count, dtype="str"),
            "raw": pd.Series(list(raw), dtype="str"),
        }
    )


def combine_quarantine(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join quarantine rows and put them into their canonical order."""
    import pandas as pd

    filled = [part for part in parts if len(part)]
    if not filled:
        return empty_table(QUARANTINE.name)
    joined = pd.concat(filled, ignore_index=True)
    return joined.sort_values(list(QUARANTINE.key), kind="stable", ignore_index=True)
