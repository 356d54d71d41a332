"""Ids that are hard to keep, and what a database holds after an import."""

from __future__ import annotations

from sqlalchemy import func, select

from labelaudit_dagster.store import (
    Database,
    load_community,
)
from labelaudit_dagster.store.schema import ratings as ratings_table

ODD = [
    "7",
    "../x",
    "😀",
    "a" * 300,
    "é",
    "e\u0301",
    "'; DROP TABLE ratings; --",
    "\n\\.\n",
    '"',
    " ",
]


def current(db: Database) -> dict[tuple[str, str], bool]:
    frame = load_community(db).community.guideline_ratings
    pairs = zip(frame["participant_id"], frame["guideline_id"], strict=True)
    return dict(zip(pairs, frame["helpful"].tolist(), strict=True))


def history(db: Database) -> int:
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(ratings_table))
