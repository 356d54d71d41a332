"""What of a home's state needs somebody's attention, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

UNCONFIRMED_AFTER: Final = timedelta(minutes=10)
"""A publication takes minutes at most; one that was begun longer ago was interrupted."""

SMALLEST_FREE_BYTES: Final = 1024**3
SMALLEST_FREE_INODES: Final = 10_000


def attention(
    document: Mapping[str, Any], *, now: datetime, longest_wait: timedelta = timedelta(hours=24)
) -> list[str]:
    """Return what needs attention in the document of `home_status`; empty where nothing does.

    Args:
        document: Of `home_status`.
        now: The time, with a zone.
        longest_wait: How long ratings, labels and results may wait before it is worth a word.
    """
    return [
        *_conservation(document),
        *_publications(document["publications"], now),
        *_late(document["waiting"], now, longest_wait),
        *_dagster(document["dagster"]),
        *_failed_runs(document["failed_runs"] or ()),
        *_failed_studies(document["failed_studies"]),
        *_space(document["sizes"]),
    ]


def _conservation(document: Mapping[str, Any]) -> Iterator[str]:
    for name, counts in document["tables"].items():
        if not counts["conserved"]:
            yield (
                f"Rows of {name} do not add up: {counts['rows_in']:,} came in, "
                f"{counts['rows_kept']:,} were kept, {counts['rows_quarantined']:,} went to the "
                f"quarantine, which holds {counts['rows_in_quarantine']:,}. This is a defect; "
                "import again and report it."
            )


def _publications(publications: list[Mapping[str, Any]], now: datetime) -> Iterator[str]:
    for one in publications:
        number, target = one["sequence"], one["target"]
        if one["state"] == "begun":
            if now - datetime.fromisoformat(one["since"]) >= UNCONFIRMED_AFTER:
                yield (
                    f"Publication {number} to {target} was begun at {one['since']} and never "
                    "confirmed. Finish it: labelaudit publish"
                )
        elif one["approved"]:
            yield f"Publication {number} to {target} is approved and not sent: labelaudit publish"
        elif not one["declined"]:
            yield (
                f"Publication {number} to {target} is held back: {' '.join(one['because'])} See "
                "what it would change: labelaudit publish --dry-run; approve it: labelaudit "
                f"publish --approve {number}, or leave it: labelaudit publish --decline {number}"
            )


def _late(waiting: Mapping[str, Any], now: datetime, longest: timedelta) -> Iterator[str]:
    for kind, command in (("ratings", "run constitution"), ("labels", "run audit")):
        found = waiting[kind]
        if found is None or not found["n"] or found["since"] is None:
            continue
        age = now - datetime.fromisoformat(found["since"])
        if age >= longest:
            yield (
                f"{found['n']:,} {kind} wait since {found['since']}, "
                f"{age.total_seconds() / 3600:.0f} hours. labelaudit {command} uses them; look "
                "why nothing did by itself: labelaudit dagster"
            )


def _dagster(state: Mapping[str, Any] | None) -> Iterator[str]:
    if state is None:
        return
    daemon = state["daemon"]
    if daemon["last_heartbeat"] is not None and not daemon["running"]:
        yield (
            f"The Dagster daemon does not run; its last sign of life was at "
            f"{daemon['last_heartbeat']}. Start it: labelaudit dagster"
        )
    for error in daemon["errors"] if daemon["running"] else ():
        yield f"The Dagster daemon reports: {error}"
    for sensor in state["sensors"]:
        if sensor["running"] and sensor["error"] is not None:
            yield f"{sensor['name']} failed at {sensor['last_tick']}: {sensor['error']}"


def _failed_runs(runs: Any) -> Iterator[str]:
    for run in runs:
        reasons = " ".join(run["problems"]) or "no reason was recorded."
        yield f"A run of {run['job']} failed at {run['at']} (run {run['run_id']}): {reasons}"


def _failed_studies(studies: list[Mapping[str, Any]]) -> Iterator[str]:
    for study in studies:
        yield (
            f"Study {study['study_id']} at Prolific fails since {study['since']}: "
            f"{study['problem']} It is asked for again at every labelaudit demographics."
        )


def _space(sizes: Mapping[str, Any]) -> Iterator[str]:
    if sizes["free_bytes"] < SMALLEST_FREE_BYTES:
        yield (
            f"Only {sizes['free_bytes'] / 1024**2:,.0f} MiB are free where the home is. Free some; "
            "see what could go: labelaudit prune --dry-run"
        )
    if 0 <= sizes["free_inodes"] < SMALLEST_FREE_INODES:
        yield (
            f"Only {sizes['free_inodes']:,} file entries are free where the home is; every version "
            "of a result takes a few. See what could go: labelaudit prune --dry-run"
        )
