"""Why one attempt brought nothing, as a value: exceptions would carry the request along."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from http import HTTPStatus

from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from labelaudit_dagster.platform_client.answer import Unacceptable
from labelaudit_dagster.platform_client.call import Service
from labelaudit_dagster.platform_client.errors import (
    BadAnswer,
    PlatformError,
    Rejected,
    Unreachable,
)
from labelaudit_dagster.platform_client.waiting import RequestedWait, may_pass


@dataclass(frozen=True)
class Failure:
    """Why one attempt brought nothing.

    Attributes:
        kind: class of the error, should this attempt be the last one.
        reason: what happened, as the rest of a sentence that begins with the call.
        advice: what to do.
        may_pass: whether another attempt makes sense.
        unsure: whether the platform may have applied a POST nevertheless.
        status: HTTP status, or None where no status line arrived.
        wait: what `Retry-After` asked for.
        said: excerpt of the answer, without the key.
    """

    kind: type[PlatformError]
    reason: str
    advice: str
    may_pass: bool
    unsure: bool
    status: int | None = None
    wait: RequestedWait | None = None
    said: str = ""


def phrase(status: int) -> str:
    """Write a status with its standard name; the server's own words could hold anything."""
    try:
        return f"was answered with HTTP {status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return f"was answered with HTTP {status}"


def from_status(status: int, service: Service, wait: RequestedWait | None, said: str) -> Failure:
    """Describe an answer that is no success."""
    passing = may_pass(status)
    return Failure(
        Rejected if status >= 400 else BadAnswer,
        phrase(status),
        _advice(status, service),
        passing,
        unsure=status >= 500,
        status=status,
        wait=wait if passing else None,
        said=said,
    )


def from_verdict(verdict: Unacceptable, status: int | None, said: str) -> Failure:
    """Describe a complete answer that the judge did not accept."""
    return Failure(
        verdict.kind,
        verdict.reason,
        verdict.advice,
        verdict.may_pass,
        verdict.unsure,
        status=status,
        said=said,
    )


def from_exception(
    error: Exception, service: Service, status: int | None, *, out_of_time: bool
) -> Failure:
    """Describe a connection that failed.

    Args:
        error: what urllib3, http.client or the socket raised.
        service: who was called.
        status: HTTP status, where the failure came after the status line.
        out_of_time: whether the deadline of the call has passed.
    """
    check = f"check {service.url_setting} and the network, then run it again"
    unsure = not isinstance(error, (NewConnectionError, ConnectTimeoutError, SSLError))
    reason, passing = _transport_reason(error, status, out_of_time)
    if _certificate_problem(error) is not None:
        check = (
            f"check {service.url_setting}, or name your own authority's certificates in "
            "SSL_CERT_FILE"
        )
    kind = BadAnswer if isinstance(error, DecodeError) else Unreachable
    return Failure(kind, reason, check, passing, unsure, status=status)


def _transport_reason(error: Exception, status: int | None, out_of_time: bool) -> tuple[str, bool]:
    """Return what happened and whether it may pass."""
    certificate = _certificate_problem(error)
    if certificate is not None:
        return f"found a certificate that cannot be trusted ({certificate})", False
    where = "inside the answer" if status is not None else "before any answer"
    if out_of_time:
        return f"ran out of time {where}", True
    if isinstance(error, NameResolutionError):
        return "found no host of that name", True
    # urllib3 counts a refused connection among the timeouts, so it is looked at first.
    if isinstance(error, NewConnectionError):
        cause = error.__cause__
        detail = cause.strerror if isinstance(cause, OSError) else None
        return f"got no connection ({detail or 'refused'})", True
    if isinstance(error, ConnectTimeoutError):
        return "got no connection in time", True
    if isinstance(error, SSLError):
        return "could not agree on a secure connection", True
    if isinstance(error, (ReadTimeoutError, TimeoutError)):
        return f"met silence {where}", True
    if isinstance(error, DecodeError):
        return "brought an answer that cannot be decompressed", True
    return f"lost the connection {where}", True


def _certificate_problem(error: Exception) -> str | None:
    """Return the verifier's words if a certificate was the problem."""
    if isinstance(error, SSLError):
        for cause in (*error.args, error.__cause__):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return cause.verify_message
    return None


def _advice(status: int, service: Service) -> str:
    if status in (401, 403):
        return f"check {service.key_setting} and what that key is allowed to do"
    if status in (404, 405, 410):
        return f"check {service.url_setting}, the address without the last path part"
    if status == 409:
        return "compare what it holds with what was sent"
    if status == 413:
        return f"ask {service.name}'s operator to accept documents of this size"
    if status in (400, 415, 422):
        return f"{service.name} does not accept this document; ask its operator which part"
    if status >= 500 or may_pass(status):
        return "run it again later"
    return f"check {service.url_setting} and ask {service.name}'s operator"
