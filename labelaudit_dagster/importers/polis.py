"""A Polis export folder to a community."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from labelaudit_dagster.importers.community import Community, TableCounts
from labelaudit_dagster.importers.failure import ImportFailure
from labelaudit_dagster.importers.identity import SourceIdentity, guideline_fingerprint
from labelaudit_dagster.importers.polis_comments import PolisComments, read_comments
from labelaudit_dagster.importers.polis_participants import read_participants
from labelaudit_dagster.importers.polis_sign import (
    agreed_sign,
    sign_between_files,
    sign_from_counts,
)
from labelaudit_dagster.importers.polis_votes import (
    INVALID_VOTE,
    LONG_NAME,
    WIDE_NAME,
    Votes,
    WideVotes,
    read_long_votes,
    read_wide_votes,
)
from labelaudit_dagster.importers.quarantine import combine_quarantine
from labelaudit_dagster.importers.rating_table import rating_table
from labelaudit_dagster.importers.sieve import Sieve
from labelaudit_dagster.importers.tables import empty_table
from labelaudit_dagster.importers.times import latest_credible_time
from labelaudit_dagster.importers.warning_counts import WarningCounts

POLIS_TOPIC_ID: Final = "conversation"
"""Id of the one topic of a Polis conversation whose summary names a topic."""


def read_polis(
    comments: BinaryIO | bytes,
    votes: BinaryIO | bytes | None = None,
    participants_votes: BinaryIO | bytes | None = None,
    summary: BinaryIO | bytes | None = None,
    *,
    include_moderated: bool = False,
    now: datetime,
) -> Community:
    """Read a Polis export.

    Agree (1) is helpful, disagree (-1) is not helpful; a pass (0) is no rating and counted as
    `rows_passed`, though a later pass withdraws an earlier vote. With both files of votes the
    long one counts, since it holds re-votes and times; the wide one then brings the
    participants' attributes and confirms the sign of the votes.

    Args:
        comments: `comments.csv`; each argument is a file's bytes or a file opened for reading
            in binary mode.
        votes: `votes.csv`, the long form.
        participants_votes: `participants-votes.csv`, the wide form.
        summary: `summary.csv`, which names the conversation.
        include_moderated: Whether to keep comments that moderators left out.
        now: The current time, with its zone; votes from the future are quarantined.

    Raises:
        ImportFailure: There are no votes, a file cannot be read, the files contradict each
            other, or the sign of the votes is in doubt.
        ValueError: `now` names no time zone.
    """
    latest = latest_credible_time(now)
    warnings = WarningCounts()
    topics, name = _read_summary(summary)
    read = read_comments(
        comments,
        topic_id=POLIS_TOPIC_ID if len(topics) else None,
        include_moderated=include_moderated,
        latest=latest,
        warnings=warnings,
    )
    long = None if votes is None else read_long_votes(votes, warnings)
    wide = (
        None
        if participants_votes is None
        else read_wide_votes(participants_votes, read.declared.index, warnings)
    )
    if long is not None:
        counting = long
    elif wide is not None:
        counting = wide.votes
    else:
        raise ImportFailure(f"There are no votes: give {LONG_NAME} or {WIDE_NAME}.")
    participants = read_participants(wide, long, warnings)
    rated = _sift(counting, participants.frame["participant_id"], read, latest)
    sign = _sign(rated, long, wide, read, warnings)
    ratings = rating_table(
        rated.sieve.kept,
        participants.frame["participant_id"],
        rated.voter_codes,
        read.guidelines["guideline_id"],
        rated.comment_codes,
        counting.values * sign > 0,
        counting.times,
    )
    pairs = zip(read.guidelines["guideline_id"], read.guidelines["text"], strict=True)
    return Community(
        participants=participants.frame,
        topics=topics,
        guidelines=read.guidelines,
        guideline_ratings=ratings,
        quarantine=combine_quarantine(
            [
                participants.quarantine,
                read.quarantine,
                rated.sieve.quarantine([counting.malformed]),
            ]
        ),
        counts={
            "participants": participants.counts,
            "topics": TableCounts(len(topics), len(topics), 0),
            "guidelines": read.counts,
            "guideline_ratings": rated.sieve.counts(n_extra=len(counting.malformed)),
        },
        identity=SourceIdentity("polis", name, guideline_fingerprint(pairs)),
        warnings=warnings.as_dict(),
    )


@dataclass(frozen=True, eq=False)
class _RatedVotes:
    """Votes with what speaks against each, and their positions in the canonical tables."""

    votes: Votes
    sieve: Sieve
    voter_codes: npt.NDArray[np.int64]
    comment_codes: npt.NDArray[np.int64]


def _sift(
    votes: Votes, participant_ids: pd.Series[str], comments: PolisComments, latest: int
) -> _RatedVotes:
    guideline_ids = pd.Index(comments.guidelines["guideline_id"])
    voters = _positions(pd.Index(participant_ids), votes.voters)[votes.voter_codes]
    items = _positions(guideline_ids, votes.comments)[votes.comment_codes]

    sieve = Sieve("guideline_ratings", len(voters), votes.raw, votes.row_numbers)
    sieve.set_passed(votes.values == 0)
    for ids, codes in (
        (votes.voters, votes.voter_codes),
        (votes.comments, votes.comment_codes),
    ):
        sieve.reject(_mask([not text for text in ids])[codes], "invalid_id")
        sieve.reject(_mask(["\0" in text for text in ids])[codes], "unstorable_id")
    sieve.reject(votes.values == INVALID_VOTE, "invalid_rating")
    moderated = pd.Index(votes.comments).isin(comments.moderated_ids)
    sieve.reject(moderated[votes.comment_codes], "moderated")
    sieve.reject(items < 0, "unknown_guideline")
    sieve.reject(votes.times > latest, "future_time")
    sieve.resolve(voters * len(guideline_ids) + items, votes.values.astype(np.int64), votes.times)
    return _RatedVotes(votes, sieve, voters, items)


def _sign(
    rated: _RatedVotes,
    long: Votes | None,
    wide: WideVotes | None,
    comments: PolisComments,
    warnings: WarningCounts,
) -> int:
    """Return 1 where the votes that count are stored as documented, -1 where reversed."""
    wide_sign = 0
    if wide is not None:
        evidence = {
            "the counts in comments.csv": _comment_sign(wide.votes, comments),
            f"the counts in {WIDE_NAME}": sign_from_counts(
                wide.row_of_vote, wide.votes.values, wide.declared
            ),
        }
        wide_sign = agreed_sign(WIDE_NAME, evidence)
    sign = wide_sign
    if long is not None:
        evidence = {"the counts in comments.csv": _comment_sign(long, comments)}
        if wide is not None:
            long_values, wide_values, n_wide_only = _common_votes(rated, wide)
            relative = sign_between_files(long_values, wide_values)
            evidence[WIDE_NAME] = relative * (wide_sign or 1)
            differing = int((long_values != wide_values * (relative or 1)).sum())
            warnings.add("differing_vote", differing + n_wide_only)
        sign = agreed_sign(LONG_NAME, evidence)
    warnings.add("sign_unverified", int(sign == 0))
    warnings.add("sign_flipped", int(sign == -1))
    return sign or 1


def _comment_sign(votes: Votes, comments: PolisComments) -> int:
    rows = _positions(comments.declared.index, votes.comments)
    return sign_from_counts(rows[votes.comment_codes], votes.values, comments.declared)


def _common_votes(
    rated: _RatedVotes, wide: WideVotes
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], int]:
    """Return the votes of pairs in both files, passes included, and how many only wide has."""
    long, other = rated.votes, wide.votes
    voters = _positions(pd.Index(other.voters, dtype="str"), long.voters)[long.voter_codes]
    comments = _positions(pd.Index(other.comments, dtype="str"), long.comments)[long.comment_codes]
    within = (voters >= 0) & (comments >= 0)
    cells = voters * len(other.comments) + comments

    # One entry for each cell of the wide file, filled from the long one.
    unseen, not_counting = -128, 127
    table = np.full(len(other.voters) * len(other.comments), unseen, dtype=np.int8)
    table[cells[within]] = not_counting
    counting = within & rated.sieve.open
    table[cells[counting]] = long.values[counting]

    valid = other.values != INVALID_VOTE
    wide_values = other.values[valid]
    found = table[(other.voter_codes * len(other.comments) + other.comment_codes)[valid]]
    both = (found != unseen) & (found != not_counting)
    return found[both], wide_values[both], int((found == unseen).sum())


def _positions(ids: pd.Index, texts: list[str]) -> npt.NDArray[np.int64]:
    """Return the position of each text among the ids, -1 for none."""
    return ids.get_indexer(pd.Index(texts, dtype="str")).astype(np.int64)


def _mask(flags: list[bool]) -> npt.NDArray[np.bool_]:
    return np.array(flags, dtype=np.bool_)


def _read_summary(source: BinaryIO | bytes | None) -> tuple[pd.DataFrame, str | None]:
    """Return the topics (one or none) and the conversation's address."""
    if source is None:
        return empty_table("topics"), None
    content = source if isinstance(source, bytes) else source.read()
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImportFailure(
            "summary.csv cannot be read: it is not CSV in UTF-8; download it again."
        ) from error
    fields = {row[0]: row[1].replace("\0", "").strip() for row in rows if len(row) == 2}
    topics = empty_table("topics")
    if title := fields.get("topic"):
        row = {"topic_id": [POLIS_TOPIC_ID], "title": [title], "parent_id": [None]}
        topics = pd.DataFrame(row, dtype="str")
    return topics, fields.get("url") or None
