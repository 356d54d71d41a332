"""Canonical frames of a corpus as keyed rows and arrays, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers import Corpus
from labelaudit_dagster.store.columns import escape_text
from labelaudit_dagster.store.corpus_schema import comments
from labelaudit_dagster.store.errors import InvalidTableError
from labelaudit_dagster.store.text_hash import text_hash
from labelaudit_dagster.store.versioned_rows import Content, Key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

LONGEST_ID_BYTES = 2000
"""Longest id as it is stored, in UTF-8; PostgreSQL's indexes hold little more."""

SHARES = tuple(column.name for column in comments.c if column.name.endswith("_frac"))
"""Columns of the shares of raters who see a category in a comment."""

COMMENT_CONTENTS = ("source_item_id", "text", "text_hash", *SHARES)
"""What a version of a comment says."""

_COLUMNS = {
    "comments": ("item_id", "source_item_id", "text"),
    "raters": ("rater_id",),
    "comment_ratings": ("rater_id", "item_id", "rating"),
    "system_ratings": ("item_id", "system_rating"),
}


def check_corpus(corpus: Corpus) -> None:
    """Check what storing relies on: columns, ids, references, and the scale.

    Raises:
        InvalidTableError: A column is missing; an id is absent, too long or repeated; a rating
            is of or by something unknown, repeated, or beyond the scale.
    """
    for name, columns in _COLUMNS.items():
        frame = corpus.table(name)
        for column in columns:
            if column not in frame.columns:
                raise InvalidTableError(f"The table {name} lacks the column {column}.")
            if frame[column].isna().any():
                raise InvalidTableError(f"The column {name}.{column} has absent values.")
    for name, key in (("comments", "item_id"), ("raters", "rater_id")):
        if corpus.table(name)[key].duplicated().any():
            raise InvalidTableError(f"The ids in {name}.{key} are not unique.")
    for name, key in (("comments", "source_item_id"), ("raters", "rater_id")):
        lengths = (len(escape_text(value).encode()) for value in corpus.table(name)[key])
        longest = max(lengths, default=0)
        if longest > LONGEST_ID_BYTES:
            raise InvalidTableError(
                f"An id in {name}.{key} has {longest} bytes; at most {LONGEST_ID_BYTES} "
                "can be stored."
            )
    ratings = corpus.comment_ratings
    if ratings[["rater_id", "item_id"]].duplicated().any():
        raise InvalidTableError("A rater has two ratings of one comment.")
    if (corpus.scale.levels_of(ratings["rating"]) < 0).any():
        raise InvalidTableError("A rating in comment_ratings is no value of the scale.")
    if not ratings["item_id"].isin(corpus.comments["item_id"]).all():
        raise InvalidTableError("A rating in comment_ratings is of an unknown comment.")
    scores = corpus.table("system_ratings")
    check_system_ratings(scores, corpus.scale)
    if not scores["item_id"].isin(corpus.comments["item_id"]).all():
        raise InvalidTableError("A score in system_ratings is of an unknown comment.")


def check_system_ratings(frame: pd.DataFrame, scale: RatingScale) -> None:
    """Check scores: one for each comment, within the scale.

    Args:
        frame: item_id and system_rating.
        scale: The scale of the corpus.

    Raises:
        InvalidTableError: A score is repeated, absent, or beyond the ends of the scale.
    """
    if frame["item_id"].duplicated().any():
        raise InvalidTableError("A comment has two scores in system_ratings.")
    low, high = scale.values[0], scale.values[-1]
    if not frame["system_rating"].between(low, high).all():
        raise InvalidTableError(
            f"A score in system_ratings is not between {low:g} and {high:g}, the ends of the scale."
        )


def comment_rows(frame: pd.DataFrame) -> dict[Key, Content]:
    """Return the contents (`COMMENT_CONTENTS`) of each comment by its item id."""
    columns = comment_columns(frame)
    keys = ((item,) for item in columns.pop("item_id").tolist())
    values = [columns[name] for name in COMMENT_CONTENTS]
    plain = [v if isinstance(v, list) else _absent_as_none(v.tolist()) for v in values]
    return dict(zip(keys, zip(*plain, strict=True), strict=True))


def comment_columns(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the comments as columns: texts and hashes as lists, numbers as arrays."""
    import numpy as np

    texts = frame["text"].tolist()
    count = len(frame)
    return {
        "item_id": frame["item_id"].to_numpy(dtype=np.int64),
        "source_item_id": frame["source_item_id"].tolist(),
        "text": texts,
        "text_hash": np.array([text_hash(text) for text in texts], dtype=np.int64),
    } | {
        name: frame[name].to_numpy(dtype=np.float64)
        if name in frame.columns
        else np.full(count, np.nan)
        for name in SHARES
    }


def rating_numbers(frame: pd.DataFrame, raters: dict[str, int]) -> dict[str, npt.NDArray[Any]]:
    """Return ratings as numbers, ordered by rater key and item.

    Args:
        frame: Canonical comment_ratings.
        raters: Rater id to its key.

    Raises:
        InvalidTableError: A rating is by somebody who is not among the raters.
    """
    import numpy as np
    import pandas as pd

    codes, distinct = pd.factorize(frame["rater_id"])
    try:
        numbers: npt.NDArray[np.int64] = np.array(
            [raters[name] for name in distinct], dtype=np.int64
        )
    except KeyError:
        raise InvalidTableError("A rating in comment_ratings is by an unknown rater.") from None
    keys, items = numbers[codes], frame["item_id"].to_numpy(dtype=np.int64)
    order = np.lexsort((items, keys))
    return {
        "rater_key": keys[order],
        "item_id": items[order],
        "rating": frame["rating"].to_numpy(dtype=np.float64)[order],
    }


def score_numbers(frame: pd.DataFrame) -> dict[str, npt.NDArray[Any]]:
    """Return system ratings as numbers, ordered by item."""
    import numpy as np

    items = frame["item_id"].to_numpy(dtype=np.int64)
    order = np.argsort(items, kind="stable")
    scores = frame["system_rating"].to_numpy(dtype=np.float64)
    return {"item_id": items[order], "system_rating": scores[order]}


def _absent_as_none(values: list[Any]) -> list[Any]:
    return [None if value != value else value for value in values]
