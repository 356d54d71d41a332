"""The status log and the artifact store kept together: what is missing is entered, in order.

The constitution is written first and logged afterwards. Whoever writes or reads the log next makes
good what a crash between the two left out; a reader that may not write shows it all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from labelaudit_dagster.artifacts import ArtifactError, ArtifactNotFoundError, ArtifactRef
from labelaudit_dagster.constitution import (
    KnownStatus,
    StatusEntry,
    status_entries,
    version_counts,
    version_rule,
)

if TYPE_CHECKING:
    from labelaudit_dagster.artifacts import ArtifactStore
    from labelaudit_dagster.store import Database, LoggedChange, LoggedConstitution

_ASSET: Final = "constitution"
_MOST_ATTEMPTS: Final = 100


@dataclass(frozen=True)
class StatusHistory:
    """What the log says, newest first.

    Attributes:
        constitutions: every constitution that it has taken up.
        changes: the changes that were asked for.
        n_unlogged: constitutions at the beginning of the list that could not be stored in the
            log, since the database may not be written; they are shown as they will be stored.
    """

    constitutions: list[LoggedConstitution]
    changes: list[LoggedChange]
    n_unlogged: int = 0


def log_statuses(store: ArtifactStore, database: Database, *, now: datetime) -> int:
    """Enter every constitution that the log lacks, up to the current one, oldest first.

    Doing it again adds nothing. Two that do it at once add each constitution once.

    Returns:
        How many constitutions were added.

    Raises:
        ArtifactError: what is stored of a constitution is damaged.
        StoreError: the database failed; what was entered before is kept.
    """
    from labelaudit_dagster.store import append_changes

    added = 0
    for _ in range(_MOST_ATTEMPTS):
        for logged, changes, after in _unlogged(store, database):
            if not append_changes(
                database,
                logged.version,
                created_at=logged.created_at,
                rule=logged.rule,
                counts=logged.counts,
                entries=[_stored(change) for change in changes],
                after=after,
                now=now,
            ):
                break  # somebody else is entering them, too: look again
            added += 1
        else:
            return added
    return added


def read_history(
    store: ArtifactStore,
    database: Database | None,
    *,
    guideline_id: str | None = None,
    statuses: Collection[str] = (),
    since: datetime | None = None,
    limit: int | None = None,
) -> StatusHistory:
    """Return the log without writing anything, with what it lacks added as it will be stored.

    Args:
        store: the artifact store.
        database: the application database; None where there is none.
        guideline_id: only changes of this guideline.
        statuses: only changes to one of these; empty for all.
        since: only changes by constitutions computed then or later, with a zone.
        limit: most changes; None for all.

    Raises:
        ArtifactError: what is stored of a constitution is damaged.
        StoreError: the database cannot be read.
    """
    from labelaudit_dagster.store import list_changes_of_status, list_logged

    constitutions: list[LoggedConstitution] = []
    changes: list[LoggedChange] = []
    for logged, entries, _ in _unlogged(store, database):
        constitutions.insert(0, logged)
        changes = [
            entry
            for entry in reversed(entries)
            if guideline_id in (None, entry.guideline_id)
            and (not statuses or entry.status in statuses)
            and (since is None or entry.created_at >= since)
        ] + changes
    n_unlogged = len(constitutions)
    if database is not None:
        constitutions += list_logged(database)
        changes += list_changes_of_status(
            database, guideline_id=guideline_id, statuses=statuses, since=since, limit=limit
        )
    return StatusHistory(constitutions, changes[:limit], n_unlogged)


def version_rows(constitutions: Sequence[LoggedConstitution]) -> list[dict[str, Any]]:
    """Return what each constitution of the log came to, oldest first, for `versions_chart`."""
    return [
        {
            "position": logged.position,
            "created_at": logged.created_at.isoformat(timespec="seconds"),
            **{name: logged.counts[name] for name in ("accepted", "entered", "left")},
        }
        for logged in reversed(constitutions)
    ]


def guideline_rows(
    constitutions: Sequence[LoggedConstitution],
    changes: Sequence[LoggedChange],
    record_of: Callable[[str], Mapping[str, Any] | None],
) -> list[dict[str, Any]]:
    """Return one guideline's numbers in each constitution, oldest first, for its chart.

    Where a constitution is pruned, its numbers are known if it changed the guideline's status.

    Args:
        constitutions: those of the log to show, newest first.
        changes: the guideline's entries of the log.
        record_of: returns the guideline's record in a version; None where it has none, or where
            that is pruned.
    """
    logged_at = {change.version: change for change in changes}
    rows = []
    for logged in reversed(constitutions):
        record, change = record_of(logged.version), logged_at.get(logged.version)
        if record is None and change is not None and change.after is not None:
            record = {**change.after, "status": change.status}
        if record is None or record["intercept"] is None:
            continue
        threshold = logged.rule["intercept_threshold"]
        rows.append(
            {
                "position": logged.position,
                "created_at": logged.created_at.isoformat(timespec="seconds"),
                "status": record["status"],
                "intercept": record["intercept"],
                "low": record.get("interval_low"),
                "high": record.get("interval_high"),
                "threshold": threshold,
                "keeping": threshold - logged.rule.get("inertia", 0.0),
            }
        )
    return rows


def _unlogged(
    store: ArtifactStore, database: Database | None
) -> Iterator[tuple[LoggedConstitution, list[LoggedChange], str | None]]:
    """Give the constitutions that the log lacks, oldest first, as they are to be stored.

    The third item is the version that the log ends with before.
    """
    from labelaudit_dagster.current_constitution import read_constitution
    from labelaudit_dagster.store import (
        LoggedChange,
        LoggedConstitution,
        last_logged,
        last_statuses,
    )

    missing = _missing_refs(store, database)
    if not missing:
        return
    last = None if database is None else last_logged(database)
    rows = {} if database is None else last_statuses(database)
    known: dict[str, KnownStatus] = {
        # The table allows no other statuses and figures than these.
        key: KnownStatus(row.status, row.text, row.after)  # type: ignore[arg-type]
        for key, row in rows.items()
    }
    position = 0 if last is None else last.position
    sequence = max((row.sequence for row in rows.values()), default=0)
    end = None if last is None else last.version
    previous = None if end is None else _document(store, end)
    for ref in missing:
        try:
            document = read_constitution(store, ref).document
            created_at = store.manifest(ref).created_at
        except ArtifactNotFoundError:
            continue  # pruned since it was listed
        entries = status_entries(known, document, previous)
        position += 1
        logged = LoggedConstitution(
            position,
            ref.version,
            created_at,
            version_rule(document),
            version_counts(document, entries),
        )
        changes = [
            LoggedChange(sequence + place, ref.version, created_at, **asdict(entry))
            for place, entry in enumerate(entries, 1)
        ]
        yield logged, changes, end
        sequence += len(changes)
        end, previous = ref.version, document
        known.update({entry.guideline_id: _known(entry) for entry in entries})


def _missing_refs(store: ArtifactStore, database: Database | None) -> list[ArtifactRef]:
    """Return the kept constitutions from the one that the log ends with to the current one.

    Each names the one before it, so that the order is that in which they became current, whatever
    the clocks said.
    """
    from labelaudit_dagster.store import find_logged

    missing: list[ArtifactRef] = []
    ref = store.current(_ASSET)
    while ref is not None:
        if database is not None and find_logged(database, ref.version) is not None:
            break
        try:
            before = store.load_json(ref, "changes")["previous_version"]
        except ArtifactNotFoundError:
            break  # pruned
        missing.append(ref)
        ref = None if before is None else ArtifactRef(_ASSET, None, before)
    return missing[::-1]


def _document(store: ArtifactStore, version: str) -> dict[str, Any] | None:
    """Return a constitution that the log has, where it is still kept."""
    try:
        document: dict[str, Any] = store.load_json(ArtifactRef(_ASSET, None, version), "document")
    except ArtifactError:
        return None
    return document


def _known(entry: StatusEntry) -> KnownStatus:
    return KnownStatus(entry.status, entry.text, entry.after)


def _stored(change: LoggedChange) -> dict[str, Any]:
    fields = asdict(change)
    return {
        name: value
        for name, value in fields.items()
        if name not in ("sequence", "version", "created_at")
    }
