"""The response matrix: which rater said what of which guideline, as sparse triples."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labelaudit_dagster.factorization import RatingTriples


@dataclass(frozen=True, eq=False)
class ResponseMatrix:
    """Ratings by index, with the ids that the indices stand for; never a dense frame.

    Only raters and guidelines that occur in a rating are in it.

    Attributes:
        triples: columns `rater_index` int32, `guideline_index` int32 and `value` float64
            (1 helpful, 0 not helpful), ordered by (rater_index, guideline_index).
        rater_ids: participant ids in code point order; index i is row i.
        guideline_ids: guideline ids in code point order.
    """

    triples: pd.DataFrame
    rater_ids: pd.Series[str]
    guideline_ids: pd.Series[str]

    @classmethod
    def from_ratings(cls, guideline_ratings: pd.DataFrame) -> ResponseMatrix:
        """Number raters and guidelines by their ids, so that the order of rows never matters.

        Args:
            guideline_ratings: columns participant_id, guideline_id and helpful (bool), one row
                per pair.
        """
        row, raters = _number(guideline_ratings["participant_id"])
        col, guidelines = _number(guideline_ratings["guideline_id"])
        order = np.lexsort((col, row))
        triples = pd.DataFrame(
            {
                "rater_index": row[order],
                "guideline_index": col[order],
                "value": guideline_ratings["helpful"].to_numpy(dtype=np.float64)[order],
            }
        )
        return cls(
            triples,
            pd.Series(raters, dtype="str", name="participant_id"),
            pd.Series(guidelines, dtype="str", name="guideline_id"),
        )

    @classmethod
    def from_members(cls, members: Mapping[str, Any]) -> ResponseMatrix:
        """Return the matrix whose `members()` were stored.

        Args:
            members: the frames `ratings`, `raters` and `guidelines`.
        """
        return cls(
            members["ratings"],
            members["raters"]["participant_id"],
            members["guidelines"]["guideline_id"],
        )

    def members(self) -> dict[str, pd.DataFrame]:
        """Return the frames in which the matrix is stored."""
        return {
            "ratings": self.triples,
            "raters": self.rater_ids.to_frame(),
            "guidelines": self.guideline_ids.to_frame(),
        }

    def rating_triples(self) -> RatingTriples:
        """Return the ratings in the form that the factorization takes."""
        return RatingTriples.from_arrays(
            self.triples["rater_index"].to_numpy(),
            self.triples["guideline_index"].to_numpy(),
            self.triples["value"].to_numpy(),
            n_rows=len(self.rater_ids),
            n_cols=len(self.guideline_ids),
        )

    @property
    def n_ratings(self) -> int:
        """Number of ratings."""
        return len(self.triples)

    def guideline_counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ratings and helpful ratings per guideline, int64, shape (n_guidelines,)."""
        col = self.triples["guideline_index"].to_numpy()
        size = len(self.guideline_ids)
        helpful = self.triples["value"].to_numpy() > 0.5
        return (
            np.bincount(col, minlength=size).astype(np.int64),
            np.bincount(col[helpful], minlength=size).astype(np.int64),
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 of who said what of which guideline, 64 hexadecimal digits.

        It tells whether two constitutions were made from the same ratings, whatever the order of
        the rows, their times, and the library that wrote the tables.
        """
        digest = hashlib.sha256()
        for ids in (self.rater_ids, self.guideline_ids):
            for name in ids:
                text = str(name).encode("utf-8", "surrogatepass")
                digest.update(len(text).to_bytes(8, "little") + text)
            digest.update(b"\xff")
        for column, kind in (("rater_index", "<i4"), ("guideline_index", "<i4"), ("value", "<f8")):
            digest.update(np.ascontiguousarray(self.triples[column].to_numpy(), kind).tobytes())
        return digest.hexdigest()

    def rater_counts(self) -> np.ndarray:
        """Return ratings per rater, int64, shape (n_raters,)."""
        row = self.triples["rater_index"].to_numpy()
        return np.bincount(row, minlength=len(self.rater_ids)).astype(np.int64)


def _number(ids: pd.Series[str]) -> tuple[np.ndarray, list[str]]:
    """Return int32 codes and the distinct ids, ordered by code points."""
    codes, distinct = pd.factorize(ids, sort=False)
    names = [str(name) for name in distinct]
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype=np.int32)
    rank[order] = np.arange(len(names), dtype=np.int32)
    return rank[codes], [names[i] for i in order]
