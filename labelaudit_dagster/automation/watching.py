"""Watching one fingerprint: a run when it has changed, not too often, and again when it failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from labelaudit_dagster.automation.asking import Asked, Asking, RunState
from labelaudit_dagster.automation.clocks import has_passed, shown

_AGAIN = "Nothing is new, and the last run failed."


class Watched(Asking):
    """What is remembered of something that is watched.

    Attributes:
        done: fingerprint that the last run that succeeded has worked on.
        pending: fingerprint that differs from it.
        pending_since: when it was first seen to differ.
        changed_at: when `pending` last changed.
        seen: fingerprint of the last look, where looking is dear.
        etag: the entity tag of that look.
        look_at: when to look again.
    """

    done: str | None = None
    pending: str | None = None
    pending_since: AwareDatetime | None = None
    changed_at: AwareDatetime | None = None
    seen: str | None = None
    etag: str | None = None
    look_at: AwareDatetime | None = None


@dataclass(frozen=True)
class Pace:
    """How often to run.

    Attributes:
        min_interval: shortest time between the starts of two runs.
        min_new: fewest new rows.
        max_wait: age of a change at which fewer suffice.
        quiet: how long nothing may have changed.
        refresh: age of the last run at which another one follows without a change; 0 for none.
    """

    min_interval: timedelta = timedelta(0)
    min_new: int = 0
    max_wait: timedelta = timedelta(0)
    quiet: timedelta = timedelta(0)
    refresh: timedelta = timedelta(0)


@dataclass(frozen=True)
class Decision:
    """What a look came to.

    Attributes:
        remembered: the new cursor.
        ask: the run to ask for; None for none.
        reason: why, or why not, in a sentence.
    """

    remembered: Watched
    ask: Asked | None
    reason: str


def settled(before: Watched, state: RunState, worked_on: str | None, now: datetime) -> Watched:
    """Take in what became of the run that was asked for.

    Args:
        before: the cursor.
        state: what became of it.
        worked_on: fingerprint of what it has really worked on, where that is known: it may be
            newer than what was asked for.
        now: the time.
    """
    if before.asked is None or state == "working":
        return before
    if state != "succeeded":
        return before.model_copy(update=before.after_failure(now))
    done = worked_on or before.asked.what
    fresh = {"asked": None, "failures": 0, "failed_at": None, "done": done}
    return _forgotten_change(before.model_copy(update=fresh))


def decided(
    before: Watched,
    fingerprint: str,
    new: int | None,
    pace: Pace,
    now: datetime,
    *,
    busy: bool = False,
) -> Decision:
    """Decide whether a run is due.

    Args:
        before: the cursor, settled.
        fingerprint: of what there is now.
        new: rows that no successful run has worked on; None where nobody can count them.
        pace: how often to run.
        now: the time.
        busy: whether somebody else's run of the same kind is under way.
    """
    if before.asked is not None:
        return Decision(before, None, f"A run is under way for {_age(before.asked.at, now)}.")
    if busy:
        return Decision(before, None, "Somebody else's run of the same assets is under way.")
    if fingerprint == before.done:
        seen = _forgotten_change(before)
        if seen.failures:
            # What failed may have left something half done, such as a publication.
            reason = seen.backing_off(now)
            return Decision(seen, None, reason) if reason else _ask(seen, fingerprint, now, _AGAIN)
        if not pace.refresh or not has_passed(seen.asked_at, pace.refresh, now):
            return Decision(seen, None, "Nothing is new.")
        return _ask(seen, fingerprint, now, "Nothing is new; it is made anew as a check.")
    seen = _noted_change(before, fingerprint, now)
    reason = seen.backing_off(now) or _too_early(seen, new, pace, now)
    if reason:
        return Decision(seen, None, reason)
    rows = "Something" if not new else "1 row" if new == 1 else f"{new:,} rows"
    return _ask(seen, fingerprint, now, f"{rows} changed.")


def _ask(before: Watched, fingerprint: str, now: datetime, reason: str) -> Decision:
    asked = Asked(key=before.next_key(), at=now, what=fingerprint)
    return Decision(before.model_copy(update=before.after_asking(asked)), asked, reason)


def _forgotten_change(before: Watched) -> Watched:
    fresh = {"pending": None, "pending_since": None, "changed_at": None}
    return before.model_copy(update=fresh)


def _noted_change(before: Watched, fingerprint: str, now: datetime) -> Watched:
    """Note when the change was first seen; a time in the future is one of before a clock change."""
    if before.pending == fingerprint:
        return before
    since = before.pending_since if before.pending is not None else None
    kept = since if since is not None and since <= now else now
    fresh = {"pending": fingerprint, "pending_since": kept, "changed_at": now}
    return before.model_copy(update=fresh)


def _too_early(seen: Watched, new: int | None, pace: Pace, now: datetime) -> str:
    if not has_passed(seen.changed_at, pace.quiet, now):
        return f"It changed a moment ago; a run follows {shown(pace.quiet)} after the last change."
    if not has_passed(seen.asked_at, pace.min_interval, now):
        return f"It changed; runs are at least {shown(pace.min_interval)} apart."
    few = new is not None and new < pace.min_new
    if few and not has_passed(seen.pending_since, pace.max_wait, now):
        return (
            f"{new:,} changed rows; a run follows at {pace.min_new:,}, or "
            f"{shown(pace.max_wait)} after the first."
        )
    return ""


def _age(since: datetime, now: datetime) -> str:
    return shown(max(now - since, timedelta(0)))
