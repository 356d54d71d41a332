"""Canonical frames of participants, topics and guidelines as keyed rows, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelaudit_dagster.importers import DATA_TABLES, GUIDELINES, PARTICIPANTS, TOPICS, Community
from labelaudit_dagster.store.columns import from_microseconds
from labelaudit_dagster.store.errors import InvalidTableError
from labelaudit_dagster.store.versioned_rows import Content, Key

if TYPE_CHECKING:
    import pandas as pd

LONGEST_ID_BYTES = 2000
"""Longest id in UTF-8; PostgreSQL's indexes hold little more."""


def check_tables(community: Community) -> None:
    """Check what storing relies on: columns, ids and their uniqueness.

    Raises:
        InvalidTableError: A column is missing, or an id is absent, too long or repeated.
    """
    for spec in DATA_TABLES:
        frame = community.table(spec.name)
        missing = [name for name in spec.column_names if name not in frame.columns]
        if missing:
            raise InvalidTableError(f"The table {spec.name} lacks the column {missing[0]}.")
    for spec in (PARTICIPANTS, TOPICS, GUIDELINES):
        (key,) = spec.key
        ids = community.table(spec.name)[key]
        if ids.isna().any() or ids.duplicated().any():
            raise InvalidTableError(f"The ids in {spec.name}.{key} are not present and unique.")
        longest = max((len(text.encode("utf-8", "surrogatepass")) for text in ids), default=0)
        if longest > LONGEST_ID_BYTES:
            raise InvalidTableError(
                f"An id in {spec.name}.{key} has {longest} bytes; at most {LONGEST_ID_BYTES} "
                "can be stored."
            )


def participant_rows(frame: pd.DataFrame) -> dict[str, Content]:
    """Return each participant's demographics (present values only) by id."""
    ids = frame["participant_id"].tolist()
    names = [str(name) for name in frame.columns if name != "participant_id"]
    columns = [_values(frame[name]) for name in names]
    if not names:
        return {participant: ({},) for participant in ids}
    return {
        participant: ({n: v for n, v in zip(names, values, strict=True) if v is not None},)
        for participant, values in zip(ids, zip(*columns, strict=True), strict=True)
    }


def topic_rows(frame: pd.DataFrame) -> dict[str, Content]:
    """Return title and parent of each topic by id."""
    return _rows(frame, "topic_id", ("title", "parent_id"))


def guideline_rows(frame: pd.DataFrame) -> dict[str, Content]:
    """Return topic, text, author and time (UTC) of each guideline by id."""
    plain = frame.assign(created_at=_moments(frame["created_at"]))
    return _rows(plain, "guideline_id", ("topic_id", "text", "author_id", "created_at"))


def keyed(rows: dict[str, Content], keys: dict[str, int]) -> dict[Key, Content]:
    """Return rows by the number of their id in place of the id."""
    return {(keys[name],): content for name, content in rows.items()}


def microseconds(column: pd.Series[Any]) -> Any:
    """Return a UTC time column as int64 microseconds, absent times as `bulk.NULL`.

    Raises:
        InvalidTableError: The column holds something else than times with a zone.
    """
    import numpy as np
    import pandas as pd

    if column.isna().all():
        return np.full(len(column), np.iinfo(np.int64).min)
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        raise InvalidTableError(f"The column {column.name} does not hold times in UTC.")
    naive = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return naive.to_numpy(dtype="datetime64[us]").astype(np.int64)


def _moments(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    from labelaudit_dagster.store.bulk import NULL

    moments = [None if v == NULL else from_microseconds(v) for v in microseconds(column).tolist()]
    return pd.Series(moments, index=column.index, dtype=object)


def _rows(frame: pd.DataFrame, key: str, contents: tuple[str, ...]) -> dict[str, Content]:
    columns = [_values(frame[name]) for name in contents]
    return dict(zip(frame[key].tolist(), zip(*columns, strict=True), strict=True))


def _values(column: pd.Series[Any]) -> list[Any]:
    """Return Python values with None for absent ones."""
    values: list[Any] = column.astype(object).where(column.notna(), None).tolist()
    return values
