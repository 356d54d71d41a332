"""Which way round the votes of a Polis export are stored, as the evidence says.

Polis documents 1 as agree and -1 as disagree in its exports, while its database and some older
exports hold the opposite sign. A community read with the wrong sign looks healthy and is wrong
in everything, so the sign is checked against all that the folder says about it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.polis_votes import LONG_NAME, WIDE_NAME

Sign = int
"""1: as documented; -1: reversed; 0: the evidence does not say."""

CLEAR_RATIO = 0.5
"""Counts decide for a sign when they fit it with at most this share of the other's misfit."""

CLEAR_SHARE = 0.9
"""Two files decide for a sign when at least this share of their common votes fits it."""


def sign_from_counts(
    groups: npt.NDArray[np.int64], values: npt.NDArray[np.int8], declared: pd.DataFrame
) -> Sign:
    """Compare votes with declared counts of agreement and disagreement.

    Args:
        groups: int64 (n,), the row of `declared` that counts a vote; negative for none.
        values: int8 (n,), the votes.
        declared: Columns `agrees` and `disagrees`, NaN where not declared.
    """
    counted = groups >= 0
    counts = {
        value: np.bincount(groups[counted & (values == value)], minlength=len(declared))
        for value in (1, -1)
    }
    agrees, disagrees = declared["agrees"].to_numpy(), declared["disagrees"].to_numpy()
    misfit = np.nansum(np.abs(counts[1] - agrees) + np.abs(counts[-1] - disagrees))
    misfit_reversed = np.nansum(np.abs(counts[-1] - agrees) + np.abs(counts[1] - disagrees))
    if misfit == misfit_reversed:
        return 0
    if misfit <= CLEAR_RATIO * misfit_reversed:
        return 1
    return -1 if misfit_reversed <= CLEAR_RATIO * misfit else 0


def sign_between_files(
    long_values: npt.NDArray[np.int8], wide_values: npt.NDArray[np.int8]
) -> Sign:
    """Compare the votes that both files hold, pair by pair.

    Raises:
        ImportFailure: The files contradict each other.
    """
    decided = (np.abs(long_values) == 1) & (np.abs(wide_values) == 1)
    if not decided.any():
        return 0
    share = float((long_values[decided] == wide_values[decided]).mean())
    if share >= CLEAR_SHARE:
        return 1
    if share <= 1 - CLEAR_SHARE:
        return -1
    raise ImportFailure(
        f"{LONG_NAME} and {WIDE_NAME} contradict each other: only {share:.0%} of their common "
        "votes agree; they must come from one export of one conversation."
    )


def agreed_sign(file: str, evidence: dict[str, Sign]) -> Sign:
    """Return the sign on which all the evidence that says something agrees; 0 if none does.

    Args:
        file: The file whose sign is sought, for the message.
        evidence: What was compared, to the sign that it speaks for.

    Raises:
        ImportFailure: The evidence is contradictory.
    """
    found = {sign for sign in evidence.values() if sign}
    if len(found) > 1:
        kept = " and ".join(name for name, sign in evidence.items() if sign == 1)
        turned = " and ".join(name for name, sign in evidence.items() if sign == -1)
        raise ImportFailure(
            f"The sign of the votes in {file} is in doubt: {kept} confirm that 1 is agree, "
            f"{turned} say the opposite; import a folder whose files come from one export."
        )
    return found.pop() if found else 0
