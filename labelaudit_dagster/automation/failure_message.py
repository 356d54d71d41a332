"""What a webhook is told of a failed run: enough to act on, no texts of people and no secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

_LONGEST_REASON = 500
_MOST_REASONS = 5


def failure_message(
    *,
    run_id: str,
    job: str,
    failed_at: datetime,
    steps: Sequence[str],
    reasons: Sequence[str],
    secrets: Sequence[str],
    dagster_url: str | None,
) -> dict[str, Any]:
    """Return the document.

    Args:
        run_id: Dagster's id of the run.
        job: name of the job.
        failed_at: when it failed, with its zone.
        steps: names of the steps that failed by themselves.
        reasons: a sentence for each.
        secrets: what must not be in it, whatever the reasons say.
        dagster_url: address of the Dagster UI.
    """
    told = [_shown(reason, secrets) for reason in reasons[:_MOST_REASONS]]
    link = None if dagster_url is None else f"{dagster_url.rstrip('/')}/runs/{run_id}"
    where = f" in {', '.join(steps[:_MOST_REASONS])}" if steps else ""
    why = " ".join(told) or "Dagster does not say why."
    return {
        # What chat services show of a message.
        "text": f"LabelAudit: {job} failed{where}. {why}" + (f" {link}" if link else ""),
        "event": "run_failed",
        "job": job,
        "run_id": run_id,
        "failed_at": failed_at.isoformat(timespec="seconds"),
        "steps": list(steps),
        "reasons": told,
        "url": link,
    }


def _shown(reason: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if secret:
            reason = reason.replace(secret, "[secret]")
    line = " ".join(reason.split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
