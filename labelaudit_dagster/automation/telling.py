"""Telling a webhook of failures: each once, in their order, and not for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from labelaudit_dagster.automation.clocks import has_passed, retry_wait
from labelaudit_dagster.automation.cursor import Remembered

MOST_TRIES = 12
"""A message that was not taken after so many tries, about eight hours, is given up."""


class Told(Remembered):
    """What is remembered of failures.

    Attributes:
        event: number of the last failure that was told, or given up.
        tries: how often the one after it was tried.
        tried_at: when last.
    """

    event: int = 0
    tries: int = 0
    tried_at: AwareDatetime | None = None


def is_due(told: Told, now: datetime) -> bool:
    """Whether the next failure may be told now."""
    wait = retry_wait(told.tries) if told.tries else timedelta(0)
    return has_passed(told.tried_at, wait, now)


def after_success(event: int) -> Told:
    """Return what is remembered after a failure was told."""
    return Told(event=event)


def after_refusal(told: Told, event: int, now: datetime, *, may_pass: bool) -> tuple[Told, bool]:
    """Return what is remembered after the webhook did not take it, and whether it is given up."""
    tries = told.tries + 1
    if may_pass and tries < MOST_TRIES:
        return told.model_copy(update={"tries": tries, "tried_at": now}), False
    return Told(event=event), True
