"""Why people rate as they do: tags from a short fixed list, kept beside the rating.

They are for people who read, and take no part in any decision: the factorization does not see
them, and adding one does not alter the community.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, select
from sqlalchemy.engine import Connection

from labelaudit_dagster.store.errors import InvalidTagError
from labelaudit_dagster.store.participation_schema import rating_tags
from labelaudit_dagster.store.schema import ratings

RATING_TAGS: Final[Mapping[bool, Mapping[str, str]]] = {
    True: {
        "clear": "It is clear",
        "fair": "It is fair to everybody",
        "important": "It matters a lot",
        "protects": "It protects people",
        "practical": "It can be done",
    },
    False: {
        "unclear": "It is unclear",
        "unfair": "It is unfair to some",
        "one_sided": "It takes one side",
        "harmful": "It could do harm",
        "impractical": "It cannot be done",
        "unneeded": "It is not needed",
    },
}
"""What may be said for a helpful and for a not helpful rating: the tag, and its words."""


def check_tags(tags: Iterable[str], helpful: bool) -> tuple[str, ...]:
    """Return the tags in the order of their list, each once.

    Raises:
        InvalidTagError: One of them is not in the list for such a rating.
    """
    chosen = set(tags)
    known = RATING_TAGS[helpful]
    unknown = sorted(chosen - known.keys())
    if unknown:
        raise InvalidTagError(
            f"A {'helpful' if helpful else 'not helpful'} rating has no tag {unknown[0]!r}; there "
            f"are {', '.join(known)}."
        )
    return tuple(tag for tag in known if tag in chosen)


def tags_beside(connection: Connection, person: int, item: int) -> tuple[str, ...]:
    """Return the tags of a pair's current rating; () where there are none."""
    query = (
        select(rating_tags.c.tags)
        .select_from(rating_tags.join(ratings, same_rating()))
        .where(current_pair(ratings, person, item))
    )
    return tuple(connection.scalar(query) or ())


def same_rating() -> ColumnElement[bool]:
    """Return the condition that current tags belong to a current rating.

    Tags that are older than the rating belonged to one that an import superseded.
    """
    return and_(
        rating_tags.c.participant_key == ratings.c.participant_key,
        rating_tags.c.guideline_key == ratings.c.guideline_key,
        rating_tags.c.ended_change.is_(None),
        rating_tags.c.recorded_change >= ratings.c.recorded_change,
    )


def store_tags(
    connection: Connection, person: int, item: int, tags: Sequence[str], *, change: int
) -> None:
    """End a pair's current tags and store others, if any, inside a `Database.write` block."""
    connection.execute(
        rating_tags.update()
        .where(current_pair(rating_tags, person, item))
        .values(ended_change=change)
    )
    if tags:
        connection.execute(
            rating_tags.insert().values(
                participant_key=person, guideline_key=item, recorded_change=change, tags=list(tags)
            )
        )


def current_pair(table: Table, person: int, item: int) -> ColumnElement[bool]:
    """Return the condition that picks the current row of a participant and guideline."""
    return and_(
        table.c.participant_key == person,
        table.c.guideline_key == item,
        table.c.ended_change.is_(None),
    )
