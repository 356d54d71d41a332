"""Posting a message to a webhook whose address is itself a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.platform_client import (
    Call,
    HttpCaller,
    HttpPolicy,
    PlatformError,
    Rejected,
    Service,
)

_WEBHOOK: Final = Service(
    name="the webhook",
    url_setting="LABELAUDIT_FAILURE_WEBHOOK_URL",
    key_setting="LABELAUDIT_FAILURE_WEBHOOK_URL",
    key_required=False,
)
# One attempt: with several, each would be logged with the address.
_POLICY: Final = HttpPolicy(
    timeout_seconds=5.0, deadline_seconds=10.0, attempts=1, max_bytes=64 * 1024
)


class WebhookError(ExpectedFailure):
    """A message was not taken; the text holds nothing of the address.

    Attributes:
        may_pass: whether another try makes sense.
    """

    def __init__(self, message: str, *, may_pass: bool) -> None:
        super().__init__(message)
        self.may_pass = may_pass


def post_message(address: str, message: Mapping[str, Any], idempotency_key: str) -> None:
    """Post a message as JSON, once.

    Args:
        address: where to; may hold a key in its path or query.
        message: the document.
        idempotency_key: the same for every try at the same message.

    Raises:
        WebhookError: it was not taken.
    """
    parts = urlsplit(address)
    call = Call(
        "POST",
        parts.path or "/",
        parts.query,
        headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
        body=json.dumps(message, allow_nan=False).encode("ascii"),
        headers_only=True,
    )
    problem: WebhookError | None = None
    try:
        with _unlogged(parts.path):
            caller = HttpCaller(_WEBHOOK, f"{parts.scheme}://{parts.netloc}", None, _POLICY)
            caller.call(call, lambda answer: answer)
    except PlatformError as error:
        problem = _without_address(error)
    # Raised here, so that the error before, which names the address, is not chained to it.
    if problem is not None:
        raise problem


@contextmanager
def _unlogged(path: str) -> Iterator[None]:
    """Keep what names a path out of the connection's own log, at whatever level that is read."""

    def passes(record: logging.LogRecord) -> bool:
        return len(path) < 2 or path not in record.getMessage()

    logger = logging.getLogger("urllib3.connectionpool")
    logger.addFilter(passes)
    try:
        yield
    finally:
        logger.removeFilter(passes)


def _without_address(error: PlatformError) -> WebhookError:
    if error.status is not None:
        said = f"answered {error.status}"
    else:
        said = "could not be reached, or did not answer in time"
    lasting = isinstance(error, Rejected) and error.status not in (408, 425, 429)
    server = error.status is not None and error.status >= 500
    return WebhookError(f"The webhook {said}.", may_pass=server or not lasting)
