"""The participants of a Polis export: those of the wide file and all who voted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import orjson
import pandas as pd

from labelaudit_dagster.importers.community import TableCounts
from labelaudit_dagster.importers.polis_votes import Votes, WideVotes
from labelaudit_dagster.importers.sieve import Sieve
from labelaudit_dagster.importers.times import NO_TIME
from labelaudit_dagster.importers.warning_counts import WarningCounts

_ATTRIBUTES = ("group_id", "xid")


@dataclass(frozen=True, eq=False)
class PolisParticipants:
    """The canonical table, what was not kept, and the counts.

    A voter who stands in the votes only counts as one row in.
    """

    frame: pd.DataFrame
    quarantine: pd.DataFrame
    counts: TableCounts


def read_participants(
    wide: WideVotes | None, long: Votes | None, warnings: WarningCounts
) -> PolisParticipants:
    """Join the participants of the wide file with the voters of the long one.

    Args:
        wide: The wide file, which brings attributes.
        long: The long file.
        warnings: Counts attributes in which rows of one participant differ.
    """
    listed = (
        pd.DataFrame({"participant_id": pd.Series([], dtype="str")})
        if wide is None
        else wide.participants
    )
    voters = pd.Series([] if long is None else long.voters, dtype="str")
    storable = (voters != "") & ~voters.str.contains("\0", regex=False)
    further = voters[storable & ~voters.isin(listed["participant_id"])].sort_values()
    everybody = pd.concat([listed, pd.DataFrame({"participant_id": further})], ignore_index=True)
    ids = everybody["participant_id"]

    row_numbers = np.arange(len(everybody))
    if wide is not None:
        row_numbers[: len(listed)] = wide.row_numbers
    sieve = Sieve(
        "participants",
        len(everybody),
        lambda positions: [
            orjson.dumps(
                {key: value for key, value in row.items() if isinstance(value, str)}
            ).decode()
            for row in everybody.iloc[positions].to_dict("records")
        ],
        row_numbers,
    )
    sieve.reject(ids.isna().to_numpy(), "invalid_id")
    codes = pd.factorize(ids)[0].astype(np.int64)
    unknown_time = np.full(len(everybody), NO_TIME, dtype=np.int64)
    sieve.resolve(codes, np.zeros_like(codes), unknown_time)

    frame = everybody[["participant_id"]].iloc[sieve.kept]
    frame = frame.sort_values("participant_id", ignore_index=True)
    for name in _ATTRIBUTES:
        if name not in everybody:
            continue
        values = everybody[["participant_id", name]].dropna().drop_duplicates()
        differing = values["participant_id"].duplicated(keep=False)
        warnings.add("differing_attribute", values["participant_id"][differing].nunique())
        agreed = values[~differing].set_index("participant_id")[name]
        if len(agreed):
            frame[name] = frame["participant_id"].map(agreed).astype("str")
    malformed = [] if wide is None else [wide.malformed]
    return PolisParticipants(
        frame,
        sieve.quarantine(malformed),
        sieve.counts(n_extra=sum(map(len, malformed))),
    )
