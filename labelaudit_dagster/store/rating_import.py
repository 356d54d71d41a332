"""Bringing the ratings of one source to a new state: millions of rows, set by set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    and_,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.bulk import insert_columns
from labelaudit_dagster.store.community_rows import microseconds
from labelaudit_dagster.store.errors import InvalidTableError
from labelaudit_dagster.store.participation_schema import rating_withdrawals
from labelaudit_dagster.store.schema import ratings
from labelaudit_dagster.store.versioned_rows import RowChanges

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_INCOMING = Table(
    "incoming_ratings",
    MetaData(),
    Column("participant_key", Integer, nullable=False),
    Column("guideline_key", Integer, nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("rated_at", BigInteger),
    PrimaryKeyConstraint("participant_key", "guideline_key"),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class RatingChanges:
    """What an import did to ratings.

    Attributes:
        rows: Added, changed, ended and unchanged ratings.
        kept_here: Ratings of the source that were not taken over, because the same person
            rated the same guideline differently here and later, or took their rating back.
    """

    rows: RowChanges
    kept_here: int


def rating_columns(
    frame: pd.DataFrame, participants: dict[str, int], guidelines: dict[str, int]
) -> dict[str, npt.NDArray[np.int64]]:
    """Return ratings as numbers, ordered by participant and guideline key.

    Args:
        frame: Canonical ratings.
        participants: Participant id to its key.
        guidelines: Guideline id to its key.

    Raises:
        InvalidTableError: A rating is by or of somebody unknown, repeated, or without a value.
    """
    import numpy as np

    if frame["helpful"].isna().any():
        raise InvalidTableError("The column guideline_ratings.helpful has absent values.")
    people = _keys_of(frame["participant_id"], participants)
    items = _keys_of(frame["guideline_id"], guidelines)
    columns = {
        "participant_key": people,
        "guideline_key": items,
        "helpful": frame["helpful"].to_numpy(dtype=np.bool_).astype(np.int64),
        "rated_at": microseconds(frame["rated_at"]),
    }
    pairs = (people << 32) | items
    if not np.all(pairs[1:] > pairs[:-1]):
        order = np.argsort(pairs, kind="stable")
        if np.any(np.diff(pairs[order]) == 0):
            raise InvalidTableError("A participant has two ratings of one guideline.")
        columns = {name: values[order] for name, values in columns.items()}
    return columns


def add_first_ratings(
    connection: Connection,
    columns: dict[str, npt.NDArray[np.int64]],
    *,
    source_key: int,
    change: int,
) -> RatingChanges:
    """Store the ratings of a source that has none yet."""
    import numpy as np

    count = len(columns["helpful"])
    constants = {
        "recorded_change": np.full(count, change),
        "source_key": np.full(count, source_key),
    }
    insert_columns(connection, ratings, columns | constants)
    return RatingChanges(RowChanges(count, 0, 0, 0), 0)


def update_ratings(
    connection: Connection,
    columns: dict[str, npt.NDArray[np.int64]],
    *,
    source_key: int,
    change: int,
) -> RatingChanges:
    """Bring a source's ratings up to date; ratings given here stay unless they are older."""
    _INCOMING.create(connection)
    count = insert_columns(connection, _INCOMING, columns)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {_INCOMING.name}")
    changes = _update_from_incoming(connection, count, source_key=source_key, change=change)
    # After a failure the rollback removes it.
    _INCOMING.drop(connection)
    return changes


def _update_from_incoming(
    connection: Connection, count: int, *, source_key: int, change: int
) -> RatingChanges:
    incoming, current = _INCOMING.c, ratings.c
    same_pair = and_(
        incoming.participant_key == current.participant_key,
        incoming.guideline_key == current.guideline_key,
    )
    same_value = and_(
        incoming.helpful == current.helpful,
        incoming.rated_at.is_not_distinct_from(_plain(current.rated_at)),
    )
    is_current = current.ended_change.is_(None)
    given_here = current.source_key.is_(None)
    # What a person took back here stays so, unless the source brings a later rating of theirs.
    withdrawn = and_(
        rating_withdrawals.c.participant_key == incoming.participant_key,
        rating_withdrawals.c.guideline_key == incoming.guideline_key,
        rating_withdrawals.c.ended_change.is_(None),
    )
    rated_again = incoming.rated_at > _plain(rating_withdrawals.c.withdrawn_at)
    stays_withdrawn = and_(withdrawn, rated_again.is_not(True))
    ended = connection.execute(
        ratings.update()
        .where(
            is_current,
            or_(
                and_(
                    current.source_key == source_key,
                    ~exists().where(same_pair, same_value),
                ),
                and_(
                    given_here,
                    exists().where(same_pair, incoming.rated_at > _plain(current.rated_at)),
                ),
            ),
        )
        .values(ended_change=change)
    ).rowcount
    added = connection.execute(
        insert(ratings).from_select(
            [
                "participant_key",
                "guideline_key",
                "recorded_change",
                "ended_change",
                "helpful",
                "rated_at",
                "source_key",
            ],
            select(
                incoming.participant_key,
                incoming.guideline_key,
                literal(change),
                null(),
                incoming.helpful,
                incoming.rated_at,
                literal(source_key),
            ).where(
                ~exists().where(same_pair, is_current),
                ~exists().where(stays_withdrawn),
            ),
        )
    ).rowcount
    connection.execute(
        rating_withdrawals.update()
        .where(exists().where(withdrawn, rated_again))
        .values(ended_change=change)
    )
    changed = connection.scalar(
        select(func.count())
        .select_from(ratings.join(_INCOMING, same_pair))
        .where(current.ended_change == change)
    )
    kept_here = connection.scalar(
        select(func.count())
        .select_from(ratings.join(_INCOMING, same_pair))
        .where(is_current, given_here, ~same_value)
    )
    kept_withdrawn = connection.scalar(
        select(func.count()).select_from(rating_withdrawals.join(_INCOMING, stays_withdrawn))
    )
    changed, kept_here = int(changed or 0), int(kept_here or 0) + int(kept_withdrawn or 0)
    rows = RowChanges(added - changed, changed, ended - changed, count - added - kept_here)
    return RatingChanges(rows, kept_here)


def _plain(column: Any) -> Any:
    """Compare a stored moment as the number that it is."""
    return type_coerce(column, BigInteger)


def _keys_of(ids: pd.Series[str], keys: dict[str, int]) -> npt.NDArray[np.int64]:
    import numpy as np
    import pandas as pd

    codes, distinct = pd.factorize(ids)
    try:
        numbers = np.array([keys[name] for name in distinct], dtype=np.int64)
    except KeyError as error:
        raise InvalidTableError(
            f"A rating has the {ids.name} {error.args[0]!r}, which is not in its table."
        ) from None
    if np.any(codes < 0):
        raise InvalidTableError(f"A rating has no {ids.name}.")
    return numbers[codes]
