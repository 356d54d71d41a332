"""What a careful client makes of every fault, stated apart from the client."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from labelaudit_dagster.platform_client import (
    BadAnswer,
    ExportSnapshot,
    NotModified,
    PlatformClient,
    PlatformError,
    Receipt,
    Rejected,
    Unreachable,
)

CONSTITUTION: Mapping[str, object] = {"accepted_guideline_ids": ["g1"], "mu": 0.25}
IDEMPOTENCY_KEY = "7-abc"

# Another attempt may succeed; the class is that of the error if there is none left.
PASSING: dict[str, type[PlatformError]] = {
    "retry_after_seconds": Rejected,
    "retry_after_date": Rejected,
    "retry_after_nonsense": Rejected,
    "busy_503_retry_after": Rejected,
    "error_500": Rejected,
    "error_500_after_applying": Rejected,
    "error_502": Rejected,
    "error_503": Rejected,
    "status_408": Rejected,
    "status_425": Rejected,
    "reset_before": Unreachable,
    "close_before": Unreachable,
    "reset_inside": Unreachable,
    "cut_length": Unreachable,
    "stall_before": Unreachable,
    "stall_inside": Unreachable,
    "chunked_cut": Unreachable,
    "garbage": Unreachable,
    "lost_reply": Unreachable,
    "truncated_json": BadAnswer,
    "gzip_cut": BadAnswer,
    "gzip_garbage": BadAnswer,
    "empty_200": BadAnswer,
}
# Attempts are worth nothing here: either the wait or the answer outlasts every deadline.
TOO_LONG = {"retry_after_day", "retry_after_date_in_a_day", "slow_drip", "slow_headers"}
FATAL: dict[str, type[PlatformError]] = {
    "html_200": BadAnswer,
    "wrong_schema": BadAnswer,
    "json_list": BadAnswer,
    "deep_nesting": BadAnswer,
    "gzip_bomb": BadAnswer,
    "endless": BadAnswer,
    "endless_trailer": BadAnswer,
    "status_400": Rejected,
    "status_401": Rejected,
    "status_403": Rejected,
    "status_404": Rejected,
    "status_409": Rejected,
    "status_413": Rejected,
    "status_422": Rejected,
    "redirect_to_stranger": Rejected,
}
GOOD = {"ok", "gzip_good"}
# The same attempt goes on at the address that the platform named.
REDIRECT = "redirect_home"
# A "no" to a constitution is a document without lists to somebody who asked for the export.
NOT_SUCCESS: dict[str, type[PlatformError]] = {"GET": BadAnswer, "POST": Rejected}

# The longest wait that a fault may lead to, besides our own backoff (s).
ASKED_WAIT = {
    "retry_after_seconds": 3.0,
    "retry_after_date": 3.0,
    "busy_503_retry_after": 2.0,
    "retry_after_day": 86_400.0,
    "retry_after_date_in_a_day": 86_400.0,
}


def fatal_kind(fault: str, method: str) -> type[PlatformError] | None:
    """Class of the error that a fault leads to at once, or None where it does not."""
    return NOT_SUCCESS[method] if fault == "not_success" else FATAL.get(fault)


def ask(client: PlatformClient, method: str) -> ExportSnapshot | NotModified | Receipt:
    """Make the one call of that method."""
    if method == "GET":
        return client.fetch_export()
    return client.publish_constitution(CONSTITUTION, IDEMPOTENCY_KEY)


def assert_keeps_secret(error: PlatformError, key: str) -> None:
    """Nothing that anybody would print or store of an error holds the key."""
    shown = [str(error), repr(error), repr(error.args), repr(vars(error))]
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    # The test's own frames know the key; the client's must not show it.
    ours = [frame for frame in whole.stack if "platform_client" in frame.filename]
    shown += [repr(frame.locals) for frame in ours]
    assert ours
    assert error.__context__ is None
    assert error.__cause__ is None
    for text in shown:
        assert key not in text
