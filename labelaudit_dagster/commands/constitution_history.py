"""`labelaudit constitution --history`: the status log, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, say, say_result
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.artifacts import ArtifactStore
    from labelaudit_dagster.status_history import StatusHistory
    from labelaudit_dagster.store import LoggedChange, LoggedConstitution

_MOST_LINES: Final = 20
"""Changes of one constitution that are printed as text."""


class NotInTheLogError(ExpectedFailure, LookupError):
    """The log knows nothing of what is asked for."""


def show_history(
    settings: Settings, *, guideline: str | None, limit: int | None, as_json: bool
) -> bool:
    """Print the log, newest first; nothing is written, so that a read-only home will do.

    Args:
        settings: settings of the installation.
        guideline: only constitutions that changed the status of this one, and its entries.
        limit: most constitutions; None for all.
        as_json: print one JSON document.

    Returns:
        Whether there was anything to print.

    Raises:
        NotInTheLogError: no constitution in the log knows the guideline.
    """
    from labelaudit_dagster.status_history import read_history

    store = opening.artifact_store(settings)
    with opening.reading_database(settings) as database:
        history = read_history(store, database, guideline_id=guideline)
    if not history.constitutions:
        return False
    if guideline is not None and not history.changes:
        raise NotInTheLogError(
            f"The status log has no guideline {guideline!r}; labelaudit constitution --all --json "
            "lists the ids."
        )
    if history.n_unlogged:
        say(
            f"Note: {history.n_unlogged:,} of these constitutions are not stored in the log yet; "
            "the next run does that."
        )
    shown = _by_constitution(history, everything=guideline is None)[:limit]
    if as_json:
        emit_json([_document(store, logged, changes) for logged, changes in shown])
        return True
    rules = {logged.position: logged.rule for logged in history.constitutions}
    for logged, changes in shown:
        _print(logged, changes, rules.get(logged.position - 1, logged.rule))
    return True


def _by_constitution(
    history: StatusHistory, *, everything: bool
) -> list[tuple[LoggedConstitution, list[LoggedChange]]]:
    """Return the constitutions with their changes; those without any only for everything."""
    changes: dict[str, list[LoggedChange]] = {}
    for change in reversed(history.changes):
        changes.setdefault(change.version, []).append(change)
    return [
        (logged, changes.get(logged.version, []))
        for logged in history.constitutions
        if everything or logged.version in changes
    ]


def _document(
    store: ArtifactStore, logged: LoggedConstitution, changes: Sequence[LoggedChange]
) -> dict[str, Any]:
    """Return a constitution of the log; what only its artifact has is null where it is pruned."""
    from labelaudit_dagster.artifacts import ArtifactNotFoundError, ArtifactRef

    ref = ArtifactRef("constitution", None, logged.version)
    run_id, difference = None, None
    try:
        run_id = store.manifest(ref).run_id
        difference = {**store.load_json(ref, "changes"), "new_version": ref.version}
    except ArtifactNotFoundError:
        pass
    return {
        "version": logged.version,
        "position": logged.position,
        "created_at": _moment(logged.created_at),
        "rule": dict(logged.rule),
        "counts": dict(logged.counts),
        "statuses": [
            {
                name: value
                for name, value in asdict(change).items()
                if name not in ("version", "created_at")
            }
            for change in changes
        ],
        "run_id": run_id,
        "changes": difference,
    }


def _print(
    logged: LoggedConstitution, changes: Sequence[LoggedChange], rule_before: Mapping[str, float]
) -> None:
    counts = logged.counts
    say_result(f"{_moment(logged.created_at)}  version {logged.version}")
    say_result(
        f"  {counts['accepted']:,} of {counts['n_guidelines']:,} guidelines accepted: "
        f"{counts['entered']:,} entered, {counts['left']:,} left."
    )
    for name, value in logged.rule.items():
        if rule_before.get(name, value) != value:
            say_result(f"  The rule changed: {name} from {rule_before[name]:g} to {value:g}.")
    # That every guideline has a status now is all that the first constitution changes.
    lines = [change for change in changes if logged.position > 1 or len(changes) == 1]
    lines.sort(key=lambda change: "accepted" not in (change.status, change.status_before))
    for change in lines[:_MOST_LINES]:
        say_result(f"  {change_line(change)}")
    if len(lines) > _MOST_LINES:
        say_result(f"  ... and {len(lines) - _MOST_LINES:,} more, with --json")


def change_line(change: LoggedChange) -> str:
    """Return one change of status as a line."""
    now = change.status.replace("_", " ")
    if change.status_before is None:
        turned = f"new, {now}"
    else:
        turned = f"{change.status_before.replace('_', ' ')} -> {now}"
    return f"{change.guideline_id} ({_short(change.text)}): {turned}. {change.sentence}"


def _short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
