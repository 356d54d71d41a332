"""The two forms of votes in a Polis export: long (`votes.csv`) and wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow.compute as pc

from labelaudit_dagster.importers.csv_columns import (
    numbers_of_texts,
    read_csv,
    times_of_texts,
)
from labelaudit_dagster.importers.json_columns import string_series
from labelaudit_dagster.importers.tables import empty_table
from labelaudit_dagster.importers.text_columns import TextColumns
from labelaudit_dagster.importers.times import NO_TIME
from labelaudit_dagster.importers.warning_counts import WarningCounts

INVALID_VOTE: Final = 9
"""Stands for the text of a vote that is none of 1, 0 and -1."""

LONG_NAME: Final = "votes.csv"
WIDE_NAME: Final = "participants-votes.csv"

_KNOWN_WIDE_COLUMNS = (
    "participant",
    "xid",
    "group-id",
    "n-comments",
    "n-votes",
    "n-agree",
    "n-disagree",
)


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes of one file, one row each, in the file's order.

    Attributes:
        voters: Distinct ids of voters, as written.
        voter_codes: int64 (n,), positions in `voters`.
        comments: Distinct ids of comments, as written.
        comment_codes: int64 (n,), positions in `comments`.
        values: int8 (n,) of 1, 0, -1 and `INVALID_VOTE`.
        times: int64 (n,), microseconds since 1970, `NO_TIME` where unknown.
        texts: Distinct texts of votes.
        text_codes: int64 (n,), positions in `texts`.
        row_numbers: int64 (n,), positions of the rows in the file.
        malformed: Quarantine rows of malformed lines.
    """

    voters: list[str]
    voter_codes: npt.NDArray[np.int64]
    comments: list[str]
    comment_codes: npt.NDArray[np.int64]
    values: npt.NDArray[np.int8]
    times: npt.NDArray[np.int64]
    texts: list[str]
    text_codes: npt.NDArray[np.int64]
    row_numbers: npt.NDArray[np.int64]
    malformed: pd.DataFrame

    def raw(self, positions: npt.NDArray[np.int64]) -> list[str]:
        """Return votes as JSON text: voter, comment and vote as written, and the time."""
        return [
            orjson.dumps(
                {
                    "comment-id": self.comments[comment],
                    "timestamp": None if time == NO_TIME else time // 1000,
                    "vote": self.texts[text],
                    "voter-id": self.voters[voter],
                }
            ).decode()
            for voter, comment, text, time in zip(
                self.voter_codes[positions].tolist(),
                self.comment_codes[positions].tolist(),
                self.text_codes[positions].tolist(),
                self.times[positions].tolist(),
                strict=True,
            )
        ]


@dataclass(frozen=True, eq=False)
class WideVotes:
    """What `participants-votes.csv` says.

    Attributes:
        votes: Its votes; blank cells are none.
        participants: Columns `participant_id`, `group_id`, `xid` (nullable strings), one row
            for each row of the file.
        row_numbers: int64, positions of those rows in the file.
        declared: Columns `agrees` and `disagrees` (float64, NaN where not declared) in the
            order of `participants`.
        row_of_vote: int64, for each vote the position of its row in `participants`.
        malformed: Quarantine rows of malformed lines, which held a participant each.
    """

    votes: Votes
    participants: pd.DataFrame
    row_numbers: npt.NDArray[np.int64]
    declared: pd.DataFrame
    row_of_vote: npt.NDArray[np.int64]
    malformed: pd.DataFrame


def read_long_votes(source: BinaryIO | bytes, warnings: WarningCounts) -> Votes:
    """Read `votes.csv`, one line for each vote, re-votes included.

    Raises:
        ImportFailure: The file cannot be read.
    """
    file = read_csv(
        source,
        LONG_NAME,
        required=("comment-id", "voter-id", "vote"),
        wanted=("timestamp",),
        plain=("timestamp",),
    )
    voters, voter_codes = file.encoded("voter-id")
    comments, comment_codes = file.encoded("comment-id")
    texts, text_codes = file.encoded("vote")
    times, unreadable = times_of_texts(file.plain("timestamp"))
    warnings.add("invalid_time", unreadable)
    return Votes(
        voters=voters,
        voter_codes=voter_codes,
        comments=comments,
        comment_codes=comment_codes,
        values=_vote_values(texts)[text_codes],
        times=times,
        texts=texts,
        text_codes=text_codes,
        row_numbers=file.row_numbers,
        malformed=file.malformed_quarantine("guideline_ratings"),
    )


def read_wide_votes(
    source: BinaryIO | bytes, comment_ids: pd.Index, warnings: WarningCounts
) -> WideVotes:
    """Read `participants-votes.csv`, one line for each participant, a column for each comment.

    Args:
        source: The file.
        comment_ids: Ids of known comments; columns of that name are votes, as are all whose
            name is a whole number.
        warnings: Counts what is dropped.

    Raises:
        ImportFailure: The file cannot be read.
    """
    file = read_csv(source, WIDE_NAME, required=("participant",))
    others = [name for name in file.table.column_names if name not in _KNOWN_WIDE_COLUMNS]
    known = set(comment_ids)
    comments = [name for name in others if name in known or name.isdecimal()]
    warnings.add("ignored_column", len(others) - len(comments))

    texts, cells = _cells(file, comments)
    row_of_vote, comment_codes = (axis.astype(np.int64) for axis in np.nonzero(cells))
    text_codes = cells[row_of_vote, comment_codes].astype(np.int64)
    voters, voter_of_row = file.encoded("participant")
    votes = Votes(
        voters=voters,
        voter_codes=voter_of_row[row_of_vote],
        comments=comments,
        comment_codes=comment_codes,
        values=_vote_values(texts)[text_codes],
        times=np.full(len(row_of_vote), NO_TIME, dtype=np.int64),
        texts=texts,
        text_codes=text_codes,
        row_numbers=file.row_numbers[row_of_vote],
        malformed=empty_table("quarantine"),
    )
    return WideVotes(
        votes=votes,
        participants=pd.DataFrame(
            {
                "participant_id": _present(file, "participant"),
                "group_id": _present(file, "group-id"),
                "xid": _present(file, "xid"),
            }
        ),
        row_numbers=file.row_numbers,
        declared=pd.DataFrame(
            {
                "agrees": numbers_of_texts(file.plain("n-agree").to_pylist()),
                "disagrees": numbers_of_texts(file.plain("n-disagree").to_pylist()),
            }
        ),
        row_of_vote=row_of_vote,
        malformed=file.malformed_quarantine("participants"),
    )


def _cells(file: TextColumns, comments: list[str]) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Return the distinct texts of cells, "" first, and the matrix of positions among them."""
    positions = {"": 0}
    cells = np.zeros((len(file.table), len(comments)), dtype=np.int32)
    for column, comment in enumerate(comments):
        texts, codes = file.encoded(comment)
        if len(codes):
            places = [positions.setdefault(text, len(positions)) for text in texts]
            cells[:, column] = np.array(places, dtype=np.int32)[codes]
    return list(positions), cells


def _vote_values(texts: list[str]) -> npt.NDArray[np.int8]:
    numbers = numbers_of_texts(texts)
    values = np.full(len(texts), INVALID_VOTE, dtype=np.int8)
    for value in (1, 0, -1):
        values[numbers == value] = value
    return values


def _present(file: TextColumns, column: str) -> pd.Series[str]:
    """Return a column as strings, null where it is empty or holds the character NUL."""
    texts = file.plain(column)
    absent = pc.or_(pc.equal(texts, ""), pc.match_substring(texts, "\0"))
    return string_series(pc.if_else(absent, None, texts))
