"""Handing reports to AVID: each once, with a receipt, and no word of success before that."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

from app_api.problems import FieldError, ProblemError
from app_api.services import Services
from labelaudit_dagster.auditing.reports import AuditReport, AvidCredit, avid_document
from labelaudit_dagster.avid_client import AVID, AvidClient, AvidReceipt
from labelaudit_dagster.platform_client import (
    HttpCaller,
    HttpPolicy,
    Misconfigured,
    PlatformError,
)
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Submission, list_submissions, record_submission

logger = logging.getLogger("labelaudit.api")

RETRY_SECONDS: Final = 10

# AVID may be slow; a queue of people who wait for it would hold up everybody else.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class NamedReport:
    """A report to submit.

    Attributes:
        report_id: Its id; None for one that is not saved here.
        report: What it says.
    """

    report_id: str | None
    report: AuditReport


@dataclass(frozen=True)
class Submitted:
    """A report that AVID has confirmed.

    Attributes:
        report_id: Its id here, or None.
        submission_id: AVID's id of the submission.
        submitted_at: When its receipt was stored, in UTC.
        was_submitted_before: Whether that was an earlier request; nothing was sent now.
    """

    report_id: str | None
    submission_id: str
    submitted_at: datetime
    was_submitted_before: bool


def submit_reports(
    services: Services, user: str, reports: Sequence[NamedReport], credit: AvidCredit
) -> list[Submitted]:
    """Submit complete reports one after the other, up to the first that is not confirmed.

    A report that was confirmed before with the same content is not sent again.

    Args:
        services: Of the application.
        user: Whose reports.
        reports: Complete ones, at least one.
        credit: Whom AVID is to credit.

    Raises:
        ProblemError: Nothing is set up for it, another submission is running, or a report was not
            confirmed. What was confirmed before is kept.
        StoreError: The database failed.
    """
    client = _client(services.settings)
    if not _one_at_a_time.acquire(blocking=False):
        raise ProblemError(
            "unavailable",
            "Another submission is running; nothing was sent. Try again in a moment.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    try:
        done: list[Submitted] = []
        for named in reports:
            outcome = _submit(services, client, user, named, credit)
            # Raised outside of any `except` block, so that no chain of errors hangs on it.
            if isinstance(outcome, PlatformError):
                raise _not_confirmed(outcome, named, len(done), len(reports))
            done.append(outcome)
        return done
    finally:
        _one_at_a_time.release()


def incomplete_errors(reports: Sequence[NamedReport]) -> list[FieldError]:
    """Return what each incomplete report misses."""
    return [
        FieldError(field=f"reports.{place}.{name}", message="is missing")
        for place, named in enumerate(reports)
        for name in named.report.missing()
    ]


def document_for_avid(
    services: Services, report: AuditReport, credit: AvidCredit
) -> dict[str, Any]:
    """Return what would be submitted of a report."""
    return avid_document(
        report,
        system_name=services.settings.avid_system_name,
        now=services.now(),
        credit=credit,
    )


def _client(settings: Settings) -> AvidClient:
    missing = [
        name
        for name, value in (
            (AVID.url_setting, settings.avid_url),
            (AVID.key_setting, settings.avid_api_key),
        )
        if value is None
    ]
    if missing:
        raise ProblemError(
            "not-configured",
            f"Nothing was sent: this installation hands reports to nobody, since "
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set. "
            "Export the report instead, or ask the operator.",
        )
    key = settings.avid_api_key
    try:
        caller = HttpCaller(
            AVID,
            settings.avid_url,
            None if key is None else key.get_secret_value(),
            HttpPolicy(
                timeout_seconds=settings.http_timeout_seconds,
                deadline_seconds=settings.http_deadline_seconds,
                attempts=settings.http_attempts,
                max_bytes=settings.http_max_bytes,
            ),
        )
    except Misconfigured as error:
        logger.error("reports cannot be submitted: %s", error)
        raise ProblemError(
            "not-configured",
            f"Nothing was sent: {AVID.url_setting} or {AVID.key_setting} cannot work. "
            "Tell the operator.",
        ) from None
    return AvidClient(caller)


def _submit(
    services: Services, client: AvidClient, user: str, named: NamedReport, credit: AvidCredit
) -> Submitted | PlatformError:
    document = document_for_avid(services, named.report, credit)
    key = _idempotency_key(user, client.target, document)
    earlier = _earlier_receipt(services, user, key)
    if earlier is not None:
        return Submitted(named.report_id, *earlier, was_submitted_before=True)
    try:
        receipt = client.submit(document, key)
    except PlatformError as error:
        logger.error("a report was not submitted: %s", error)
        _record(services, client, user, named, document, _failure(error, key), succeeded=False)
        return error
    kept = _record(services, client, user, named, document, _success(receipt), succeeded=True)
    return Submitted(
        named.report_id, receipt.submission_id, kept.submitted_at, was_submitted_before=False
    )


def _idempotency_key(user: str, target: str, document: Mapping[str, Any]) -> str:
    """Return a key that is the same for the same report on every day."""
    dateless = {name: value for name, value in document.items() if name != "reported_date"}
    text = json.dumps([user, target, dateless], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _earlier_receipt(services: Services, user: str, key: str) -> tuple[str, datetime] | None:
    for submission in list_submissions(services.database, user):
        if submission.succeeded and submission.receipt["idempotency_key"] == key:
            return submission.receipt["submission_id"], submission.submitted_at
    return None


def _success(receipt: AvidReceipt) -> dict[str, Any]:
    return {
        "submission_id": receipt.submission_id,
        "idempotency_key": receipt.idempotency_key,
        "document_sha256": receipt.document_sha256,
        "attempts": receipt.attempts,
    }


def _failure(error: PlatformError, key: str) -> dict[str, Any]:
    return {
        "error": str(error),
        "status": error.status,
        "attempts": error.attempts,
        "may_have_been_applied": error.may_have_been_applied,
        "idempotency_key": key,
    }


def _record(
    services: Services,
    client: AvidClient,
    user: str,
    named: NamedReport,
    document: Mapping[str, Any],
    receipt: Mapping[str, Any],
    *,
    succeeded: bool,
) -> Submission:
    return record_submission(
        services.database,
        user,
        target=client.target,
        report_ids=[] if named.report_id is None else [named.report_id],
        document=document,
        succeeded=succeeded,
        receipt=dict(receipt),
        now=services.now(),
    )


def _not_confirmed(
    error: PlatformError, named: NamedReport, n_done: int, n_reports: int
) -> ProblemError:
    if error.status is None:
        answered = "gave no answer"
    elif 200 <= error.status < 300:
        answered = f"answered {error.status} without an id of the submission"
    else:
        answered = f"answered {error.status}"
    before = (
        f"the {n_done} before it {'was' if n_done == 1 else 'were'} confirmed and "
        f"{'is' if n_done == 1 else 'are'} not sent again"
        if n_done
        else "nothing was confirmed"
    )
    unsure = (
        " It may have taken the report all the same; submitting it again settles that."
        if error.may_have_been_applied
        else ""
    )
    title = " ".join(named.report.title.split())[:80]
    headers = {}
    if error.retry_at is not None:
        headers["Retry-After"] = format_datetime(error.retry_at, usegmt=True)
    return ProblemError(
        "submission-failed",
        f"AVID {answered} for report {n_done + 1} of {n_reports} ({title!r}); {before}."
        f"{unsure} Submit it later.",
        headers=headers,
    )
