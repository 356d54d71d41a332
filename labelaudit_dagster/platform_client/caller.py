"""One call to a service: attempts, waits, deadline, and errors without secrets."""

from __future__ import annotations

import logging
import random as random_module
import ssl
import threading
import time
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from typing import TypeVar

from labelaudit_dagster.platform_client.address import join, parse_base_url, without_query
from labelaudit_dagster.platform_client.answer import Answer, Unacceptable
from labelaudit_dagster.platform_client.api_key import ApiKey
from labelaudit_dagster.platform_client.attempt import Attempt
from labelaudit_dagster.platform_client.bounded_connection import Limits, verifying_context
from labelaudit_dagster.platform_client.call import Call, Service
from labelaudit_dagster.platform_client.errors import DeadlineExceeded, PlatformError
from labelaudit_dagster.platform_client.excerpt import excerpt
from labelaudit_dagster.platform_client.failure import Failure, from_verdict
from labelaudit_dagster.platform_client.policy import HttpPolicy
from labelaudit_dagster.platform_client.waiting import backoff

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Headers and the framing of chunks come on top of the body.
_OVERHEAD_BYTES = 1024 * 1024
_EXCERPT_BYTES = 8 * 1024


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


class HttpCaller:
    """Calls one service under one policy. Keeps no connection between calls; threads may share it.

    Args:
        service: names for header and messages.
        base_url: what stands before the paths.
        api_key: the key; blanks and line ends around it are dropped.
        policy: limits of each call.
        clock: monotonic seconds.
        sleep: waits that many seconds.
        random: draws from [0, 1), for the jitter.
        now: the time in UTC, for `Retry-After` and receipts.

    Raises:
        Misconfigured: if the key is missing or the address cannot work. Nothing was sent then.
    """

    def __init__(
        self,
        service: Service,
        base_url: str | None,
        api_key: str | None,
        policy: HttpPolicy | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random_module.random,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.service = service
        self.policy = policy if policy is not None else HttpPolicy()
        self.now = now
        self._base = parse_base_url(base_url, service.url_setting)
        self._key = ApiKey(api_key, service.key_setting, required=service.key_required)
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._tls: ssl.SSLContext | None = None
        self._tls_lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """Base address; it never holds credentials."""
        return self._base.url

    def with_policy(self, policy: HttpPolicy) -> HttpCaller:
        """Return a caller of the same service under other limits."""
        other = copy(self)
        other.policy = policy
        return other

    def reveals_key(self, text: str) -> bool:
        """Whether a text from the other side holds the key and must not be kept."""
        return self._key.redact(text) != text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._key.redact(self.base_url)!r}, {self.policy!r})"

    def call(self, call: Call, judge: Callable[[Answer], T]) -> T:
        """Ask until there is an acceptable answer, or no hope or no time is left.

        Args:
            call: what is asked; every attempt sends the same bytes.
            judge: turns a complete answer (2xx, or a status in `call.judged`) into the result;
                raises `Unacceptable`.

        Raises:
            PlatformError: one of `Unreachable`, `Rejected`, `BadAnswer`, `DeadlineExceeded`.
        """
        started = self._clock()
        until = started + self.policy.deadline_seconds
        unsure = False
        attempt = 1
        while True:
            outcome = self._attempt(call, judge, attempt, until)
            if not isinstance(outcome, Failure):
                return outcome
            unsure = unsure or (outcome.unsure and call.method == "POST")
            wait = backoff(attempt, self.policy, self._random)
            if outcome.wait is not None:
                wait = max(wait, outcome.wait.seconds)
            late = outcome.may_pass and self._clock() >= until
            exhausted = not outcome.may_pass or attempt >= self.policy.attempts
            if late or exhausted or self._clock() + wait >= until:
                out_of_time = late or not exhausted
                raise self._error(call, outcome, attempt, started, unsure, out_of_time)
            logger.warning(
                "%s (attempt %d of %d); the next one follows in %.1f s",
                self._sentence(call, outcome),
                attempt,
                self.policy.attempts,
                wait,
            )
            self._sleep(wait)
            attempt += 1

    def _attempt(
        self, call: Call, judge: Callable[[Answer], T], number: int, until: float
    ) -> T | Failure:
        answer = Attempt(
            call,
            self._base,
            self.service,
            self._key,
            self.policy.max_bytes,
            Limits(
                self._clock,
                self.policy.timeout_seconds,
                until,
                2 * self.policy.max_bytes + _OVERHEAD_BYTES,
            ),
            self._tls_context,
            self.now,
            number,
        ).run()
        if isinstance(answer, Failure):
            return answer
        try:
            return judge(answer)
        except Unacceptable as verdict:
            said = ""
            if call.quotable:
                said = excerpt(
                    answer.body[:_EXCERPT_BYTES],
                    self._key,
                    complete=len(answer.body) <= _EXCERPT_BYTES,
                )
            return from_verdict(verdict, answer.status, said)

    def _tls_context(self) -> ssl.SSLContext:
        """Read the authorities once, and only where https is spoken."""
        with self._tls_lock:
            if self._tls is None:
                self._tls = verifying_context()
            return self._tls

    def _sentence(self, call: Call, failure: Failure) -> str:
        url = without_query(join(self._base, call.path))
        return self._key.redact(f"{call.method} {url} {failure.reason}")

    def _error(
        self,
        call: Call,
        failure: Failure,
        attempt: int,
        started: float,
        unsure: bool,
        out_of_time: bool,
    ) -> PlatformError:
        """Put what is known into one sentence.

        Called outside of any `except` block, so that the error drags no chain of foreign
        exceptions along, which hold connections and requests with their headers.
        """
        seconds = self._clock() - started
        parts = [
            f"{self._sentence(call, failure)} "
            f"(attempt {attempt} of {self.policy.attempts}, after {seconds:.1f} s)"
        ]
        advice = failure.advice
        if failure.wait is not None:
            parts.append(
                f"{self.service.name} wants to be asked again at "
                f"{failure.wait.until:%Y-%m-%d %H:%M:%S} UTC"
            )
        if out_of_time:
            parts.append(
                f"the deadline of {self.policy.deadline_seconds:g} s leaves no time for another "
                "attempt"
            )
            advice = (
                "run it again then" if failure.wait is not None else "run it again later"
            ) + ", or raise LABELAUDIT_HTTP_DEADLINE_SECONDS"
        if unsure:
            parts.append(
                f"{self.service.name} may have applied it all the same, which asking again with "
                "the same idempotency key settles"
            )
        if failure.said:
            parts.append(f"it said {failure.said!r}")
        message = self._key.redact("; ".join([*parts, advice])) + "."
        kind = DeadlineExceeded if out_of_time else failure.kind
        return kind(
            message,
            method=call.method,
            url=self._key.redact(without_query(join(self._base, call.path))),
            status=failure.status,
            attempts=attempt,
            retry_at=failure.wait.until if failure.wait is not None else None,
            may_have_been_applied=unsure,
        )
