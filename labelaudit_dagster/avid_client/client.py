"""One report at a time, confirmed or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from labelaudit_dagster.platform_client import (
    Answer,
    Call,
    HttpCaller,
    Misconfigured,
    Service,
    Unacceptable,
)

AVID: Final = Service(
    name="AVID",
    url_setting="LABELAUDIT_AVID_URL",
    key_setting="LABELAUDIT_AVID_API_KEY",
    # The key stands alone in the header.
    scheme="",
)
"""Who is called, for header and messages."""

_PATH: Final = "submit"
_LONGEST_ID: Final = 200
_ADVICE: Final = (
    "it must answer with the id of the submission as a JSON string; check LABELAUDIT_AVID_URL"
)


@dataclass(frozen=True)
class AvidReceipt:
    """A report was taken.

    Attributes:
        submission_id: The id that the other side gave it, to ask for its state with.
        idempotency_key: The key that it was sent with.
        document_sha256: SHA-256 of the bytes that were sent, hexadecimal.
        attempts: Requests that it took.
        confirmed_at: When the confirmation was complete (UTC).
    """

    submission_id: str
    idempotency_key: str
    document_sha256: str
    attempts: int
    confirmed_at: datetime


class AvidClient:
    """Submits reports.

    Args:
        caller: Calls the service; its limits hold for each report.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    @property
    def target(self) -> str:
        """Where reports are sent; it never holds credentials."""
        return f"{self._caller.base_url.rstrip('/')}/{_PATH}"

    def submit(self, document: Mapping[str, Any], idempotency_key: str) -> AvidReceipt:
        """Submit one report.

        Args:
            document: Of `auditing.reports.avid_document`.
            idempotency_key: The same for every try at submitting the same report, also after a
                restart; printable ASCII without blanks.

        Returns:
            The receipt: the other side has given the report an id.

        Raises:
            Misconfigured: The document is no strict JSON; nothing was sent.
            PlatformError: It was not confirmed; `may_have_been_applied` tells whether the other
                side may hold it nevertheless.
        """
        body = _encode(document)
        call = Call(
            "POST",
            _PATH,
            headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
            body=body,
        )

        def judge(answer: Answer) -> AvidReceipt:
            found = _submission_id(answer.body)
            if self._caller.reveals_key(found):
                raise Unacceptable("brought our own key back as the id of a submission", _ADVICE)
            return AvidReceipt(
                found,
                idempotency_key,
                hashlib.sha256(body).hexdigest(),
                answer.attempts,
                self._caller.now(),
            )

        return self._caller.call(call, judge)


def _encode(document: Mapping[str, Any]) -> bytes:
    """Write strict JSON in ASCII, in which every text survives."""
    try:
        text = json.dumps(dict(document), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise Misconfigured(f"The report is no strict JSON ({error}); nothing was sent.") from None
    return text.encode("ascii")


def _submission_id(body: bytes) -> str:
    """Read the id out of a confirmation: a JSON string, or an object with one as `uuid` or `id`."""
    try:
        answer = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unacceptable("brought no JSON as its confirmation", _ADVICE) from None
    if isinstance(answer, dict):
        answer = next((answer[name] for name in ("uuid", "id") if answer.get(name)), None)
    usable = isinstance(answer, str) and 0 < len(answer) <= _LONGEST_ID and answer.isprintable()
    if not usable:
        raise Unacceptable("brought no id of the submission", _ADVICE)
    return str(answer)
