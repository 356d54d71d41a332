"""Which versions of the constitution were published, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from labelaudit_dagster.publishing import VERSION_FIELD
from labelaudit_dagster.store import Database, list_publications

_MOST_PUBLICATIONS: Final = 10_000


@dataclass(frozen=True)
class PublishedAs:
    """A publication of a version, the latest one where there were several.

    Attributes:
        sequence: The publication's number.
        at: When the platform confirmed it, in UTC.
    """

    sequence: int
    at: datetime | None


def published_versions(database: Database) -> dict[str, PublishedAs]:
    """Return the versions that a platform has confirmed.

    Raises:
        StoreError: The database failed.
    """
    found: dict[str, PublishedAs] = {}
    for publication in list_publications(database, limit=_MOST_PUBLICATIONS):
        version = (publication.receipt or {}).get(VERSION_FIELD)
        if publication.is_sent and version is not None:
            # Newest first, so that a later publication of the same version stays.
            found.setdefault(
                str(version), PublishedAs(publication.sequence, publication.finished_at)
            )
    return found
