"""What is stored: results, database, and whether any of it comes from the future."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from labelaudit_dagster.artifacts import ArtifactError, ArtifactRef, ArtifactStore
from labelaudit_dagster.diagnosis.finding import Finding
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.store import Database

PERSONAL: Final = ("personal_models", "personal_predictions", "personal_audit")
SAMPLED_PEOPLE: Final = 10
_TOLERANCE: Final = timedelta(seconds=60)
_NAMED: Final = 3


def check_artifacts(settings: Settings) -> Finding:
    """Read every current result and compare it with its hashes, of people's a sample."""
    store = ArtifactStore(settings.resolved_artifacts_url)
    whole, damaged = 0, []
    for ref, why in _verified(store, [*_current(store), *_published(settings)]):
        whole += why is None
        if why is not None:
            damaged.append((ref, why))
    people = len(store.partitions("personal_audit"))
    if damaged:
        (ref, why), more = damaged[0], len(damaged) - 1
        command = "run constitution" if ref.asset in _constitution_assets() else "run audit"
        return Finding(
            "artifacts",
            False,
            why + (f" And {more:,} more." if more else ""),
            f"Restore it from a backup, or make it anew: labelaudit {command}. What was "
            "published can only be restored.",
        )
    if not whole:
        return Finding("artifacts", True, "no constitution yet")
    sampled = (
        f", with those of {min(people, SAMPLED_PEOPLE)} of {people:,} people" if people else ""
    )
    return Finding("artifacts", True, f"{whole:,} results are whole{sampled}")


def _constitution_assets() -> tuple[str, ...]:
    from labelaudit_dagster.home_status.document import CONSTITUTION_ASSETS

    return (*CONSTITUTION_ASSETS, "guidelines", "participants", "topics", "published_constitution")


def _current(store: ArtifactStore) -> Iterator[tuple[str, str | None]]:
    """The assets of everybody, and of people a sample that is spread over all of them."""
    for asset in store.assets():
        if asset not in PERSONAL:
            yield asset, None
    people = store.partitions("personal_audit")
    step = max(1, len(people) // SAMPLED_PEOPLE)
    for person in people[::step][:SAMPLED_PEOPLE]:
        for asset in PERSONAL:
            yield asset, person


def _published(settings: Settings) -> Iterator[ArtifactRef]:
    """The constitutions that targets have, with which later ones are compared."""
    from labelaudit_dagster.publishing import VERSION_FIELD
    from labelaudit_dagster.store import last_published, list_publications

    with _database_as_it_is(settings) as database:
        if database is None:
            return
        targets = {one.target for one in list_publications(database)}
        sent = [last_published(database, target=target) for target in sorted(targets)]
    for publication in sent:
        version = None if publication is None else (publication.receipt or {}).get(VERSION_FIELD)
        if version is not None:
            yield ArtifactRef("constitution", None, str(version))


@contextmanager
def _database_as_it_is(settings: Settings) -> Iterator[Database | None]:
    """Open it for reading; None where that fails or would upgrade it, which another check tells."""
    from labelaudit_dagster.store import Database, StoreError, inspect_database

    url = settings.resolved_database_url
    try:
        found = inspect_database(url, look_for_faults=False)
        database = Database.open(url, read_only=True) if found.schema == found.expected else None
    except StoreError:
        database = None
    if database is None:
        yield None
        return
    with database:
        yield database


def _verified(
    store: ArtifactStore, wanted: list[tuple[str, str | None] | ArtifactRef]
) -> Iterator[tuple[ArtifactRef, str | None]]:
    """Yield each result with None where it is whole, else with what is wrong."""
    for one in wanted:
        ref: ArtifactRef | None
        try:
            ref = one if isinstance(one, ArtifactRef) else store.current(*one)
        except ArtifactError as error:
            assert not isinstance(one, ArtifactRef)  # noqa: S101 - for the type checker
            yield ArtifactRef(one[0], one[1], "?"), str(error)
            continue
        if ref is None:
            continue
        try:
            store.verify(ref)
        except ArtifactError as error:
            yield ref, str(error)
        else:
            yield ref, None


def check_database(settings: Settings) -> Finding:
    """Reach it, compare its schema, and have it check itself; nothing is upgraded."""
    from labelaudit_dagster.store import DatabaseMissingError, inspect_database

    try:
        found = inspect_database(settings.resolved_database_url)
    except DatabaseMissingError:
        return Finding("database", True, "none yet; the first import makes it")
    named = f"{found.shown_url} ({found.engine}), schema {found.schema}"
    if found.schema is None:
        return Finding("database", True, f"{found.shown_url} is empty; the first import fills it")
    if found.schema > found.expected:
        return Finding(
            "database",
            False,
            f"{named}, which is newer than this program's {found.expected}",
            "Install the newer labelaudit again, or restore the backup from before the upgrade.",
        )
    if found.faults:
        return Finding(
            "database",
            False,
            f"{named}: {'; '.join(found.faults[:_NAMED])}",
            "Stop everything, keep the damaged file, and restore the last backup.",
        )
    if found.schema < found.expected:
        return Finding(
            "database",
            True,
            f"{named}; the next command upgrades it to {found.expected}",
            "There is no way back: make a backup first, labelaudit backup FILE",
        )
    return Finding("database", True, f"{named}, is in order")


def check_times(settings: Settings, now: datetime) -> Finding:
    """Whether anything was written later than now, by a clock that was wrong then or is now."""
    from labelaudit_dagster.store import list_changes

    newest: list[tuple[datetime, str]] = []
    store = ArtifactStore(settings.resolved_artifacts_url)
    for asset in store.assets():
        if asset not in PERSONAL and (ref := store.current(asset)) is not None:
            newest.append((store.manifest(ref).created_at, f"the result {asset}"))
    with _database_as_it_is(settings) as database:
        if database is not None:
            newest += [(one.at, f"change {one.sequence}") for one in list_changes(database)]
    late = [(moment, what) for moment, what in newest if moment > now + _TOLERANCE]
    if late:
        moment, what = max(late)
        return Finding(
            "clock",
            False,
            f"{what} is of {moment:%Y-%m-%d %H:%M:%S} UTC, and it is {now:%Y-%m-%d %H:%M:%S}",
            "Set this machine's clock by a time server (timedatectl set-ntp true). Where the "
            "clock was wrong then, nothing is lost: what comes later counts as newer all the same.",
        )
    return Finding("clock", True, f"it is {now:%Y-%m-%d %H:%M:%S} UTC; nothing is from the future")
