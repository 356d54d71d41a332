"""What can go wrong between us and a platform, as exceptions that a person can act on.

Every message is one sentence that names the call, the HTTP status where there was one, what was
tried and what to do. No message, attribute or chained exception holds the API key.

The classes are named for the outcome, which their common base already marks as an error.
"""

from __future__ import annotations

from datetime import datetime

from labelaudit_dagster.failures import ExpectedFailure


class PlatformError(ExpectedFailure):
    """A call did not bring what was asked for.

    Attributes:
        method: HTTP method, or "" where nothing was sent.
        url: address without query, or "" where nothing was sent.
        status: HTTP status of the last answer, or None where there was none.
        attempts: requests that were started (redirects within one attempt are not counted).
        retry_at: when the platform wants to be asked again (UTC), or None where it did not say.
        may_have_been_applied: whether the platform may have done what a POST asked for although
            no confirmation arrived; asking again with the same idempotency key settles it.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        url: str = "",
        status: int | None = None,
        attempts: int = 0,
        retry_at: datetime | None = None,
        may_have_been_applied: bool = False,
    ) -> None:
        super().__init__(message)
        self.method = method
        self.url = url
        self.status = status
        self.attempts = attempts
        self.retry_at = retry_at
        self.may_have_been_applied = may_have_been_applied


class Misconfigured(PlatformError, ValueError):  # noqa: N818 - named for the outcome
    """An address, key, limit or document cannot work; nothing was sent."""


class Unreachable(PlatformError):  # noqa: N818 - named for the outcome
    """No complete answer arrived: no connection, a reset, silence, or a body cut short."""


class Rejected(PlatformError):  # noqa: N818 - named for the outcome
    """The platform answered and said no."""


class BadAnswer(PlatformError):  # noqa: N818 - named for the outcome
    """The platform answered with something that is not what the contract promises."""


class DeadlineExceeded(PlatformError):  # noqa: N818 - named for the outcome
    """The time for one call ran out, or the platform asked for a longer wait than is left."""
