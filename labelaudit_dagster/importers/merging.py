"""Making the ids of one source distinct from those of all others."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from labelaudit_dagster.importers.community import Community, PublishedParameters

_ID_COLUMNS = {
    "participants": ("participant_id",),
    "topics": ("topic_id", "parent_id"),
    "guidelines": ("guideline_id", "topic_id", "author_id"),
    "guideline_ratings": ("participant_id", "guideline_id"),
}


def merge_prefix(community: Community, prefix: str) -> Community:
    """Return the community with a prefix before every id, for merging with another source.

    The quarantine keeps the rows as they came, and the identity stays the source's own, so that
    a later snapshot of the source is recognised.

    Args:
        community: The community of one source.
        prefix: What to put before the ids, as it is; `SourceIdentity.prefix` is a choice that
            no other source shares.

    Raises:
        ValueError: The prefix is empty or holds the character NUL.
    """
    if not prefix or "\0" in prefix:
        raise ValueError("the prefix must not be empty, nor hold the character NUL")
    published = community.published
    return replace(
        community,
        participants=_renamed(community, "participants", prefix),
        topics=_renamed(community, "topics", prefix),
        guidelines=_renamed(community, "guidelines", prefix),
        guideline_ratings=_renamed(community, "guideline_ratings", prefix),
        published=None if published is None else _prefixed(published, prefix),
    )


def _renamed(community: Community, table: str, prefix: str) -> pd.DataFrame:
    frame = community.table(table)
    return frame.assign(**{column: prefix + frame[column] for column in _ID_COLUMNS[table]})


def _prefixed(published: PublishedParameters, prefix: str) -> PublishedParameters:
    return PublishedParameters(
        mu=published.mu,
        guideline_intercepts=published.guideline_intercepts.rename(prefix.__add__),
        user_intercepts=published.user_intercepts.rename(prefix.__add__),
        guideline_embeddings=published.guideline_embeddings.rename(index=prefix.__add__),
        user_embeddings=published.user_embeddings.rename(index=prefix.__add__),
    )
