"""The ratings platform: its export comes in, the constitution goes out."""

from __future__ import annotations

import hashlib
import json
import random as random_module
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from labelaudit_dagster.platform_client.answer import Answer, Unacceptable
from labelaudit_dagster.platform_client.call import Call, Service
from labelaudit_dagster.platform_client.caller import HttpCaller, utc_now
from labelaudit_dagster.platform_client.errors import Misconfigured, Rejected
from labelaudit_dagster.platform_client.failure import phrase
from labelaudit_dagster.platform_client.json_document import read_object
from labelaudit_dagster.platform_client.policy import HttpPolicy

_LISTS = ("topics", "guidelines", "ratings", "users")
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")
_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,1000}"')
_PROBE_SECONDS = 10.0
_NOT_OURS = "check that LABELAUDIT_PLATFORM_URL is the address of a platform's API"


@dataclass(frozen=True)
class ExportSnapshot:
    """The platform's export as it came.

    Attributes:
        body: the JSON document, decompressed, byte for byte.
        etag: the platform's fingerprint for the next conditional request, or None.
        content_hash: SHA-256 of `body`, hexadecimal.
        fetched_at: when it was complete (UTC).
    """

    body: bytes
    etag: str | None
    content_hash: str
    fetched_at: datetime


@dataclass(frozen=True)
class NotModified:
    """The export is still the one with this fingerprint.

    Attributes:
        etag: the fingerprint that was asked with.
        checked_at: when the platform said so (UTC).
    """

    etag: str
    checked_at: datetime


@dataclass(frozen=True)
class Receipt:
    """The platform confirmed a POST.

    Attributes:
        idempotency_key: the key it was sent with.
        payload_sha256: SHA-256 of the bytes that were sent, hexadecimal.
        status: HTTP status of the confirmation.
        attempts: requests that it took.
        confirmed_at: when the confirmation was complete (UTC).
    """

    idempotency_key: str
    payload_sha256: str
    status: int
    attempts: int
    confirmed_at: datetime


@dataclass(frozen=True)
class Probe:
    """The platform answers and knows our key.

    Attributes:
        status: HTTP status.
        seconds: from the question to the whole answer.
        date: the platform's time, from its header `Date`; None where it does not tell.
        asked_at: our time halfway (UTC), to compare it with.
    """

    status: int
    seconds: float
    date: datetime | None
    asked_at: datetime


class PlatformClient:
    """Talks to a ratings platform. Keeps no connection between calls; threads may share it.

    Args:
        base_url: what stands before `/exports`.
        api_key: bearer key; blanks and line ends around it are dropped.
        policy: limits of each call.
        clock: monotonic seconds.
        sleep: waits that many seconds.
        random: draws from [0, 1), for the jitter of the waits.
        now: the time in UTC.

    Raises:
        Misconfigured: if the key is missing or the address cannot work; the message names the
            setting. Nothing was sent then.
    """

    def __init__(
        self,
        base_url: str | None,
        api_key: str | None,
        policy: HttpPolicy | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random_module.random,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._caller = HttpCaller(
            Service(),
            base_url,
            api_key,
            policy,
            clock=clock,
            sleep=sleep,
            random=random,
            now=now,
        )

    @property
    def base_url(self) -> str:
        """Base address; it never holds credentials."""
        return self._caller.base_url

    @property
    def policy(self) -> HttpPolicy:
        """Limits of each call."""
        return self._caller.policy

    def __repr__(self) -> str:
        return repr(self._caller).replace(type(self._caller).__name__, type(self).__name__, 1)

    def fetch_export(
        self,
        etag: str | None = None,
        *,
        topics: bool = True,
        guidelines: bool = True,
        ratings: bool = True,
        users: bool = True,
        mu: bool = True,
    ) -> ExportSnapshot | NotModified:
        """Fetch the export, or learn that it has not changed.

        The document's outer form is checked: a JSON object that holds every list that was asked
        for, and a number or null as `mu`. What the lists hold is the importer's business.

        Args:
            etag: fingerprint of the export at hand; the platform may then answer "not modified".
            topics: ask for the list of topics.
            guidelines: ask for the list of guidelines.
            ratings: ask for the list of ratings.
            users: ask for the list of users.
            mu: ask for the last published global intercept.

        Raises:
            Misconfigured: if `etag` is no entity tag.
            PlatformError: if no acceptable export arrived.
        """
        flags = {
            "topics": topics,
            "guidelines": guidelines,
            "ratings": ratings,
            "users": users,
            "mu": mu,
        }
        wanted = [name for name, flag in flags.items() if flag]
        call = _export_call(etag, wanted)

        def judge(answer: Answer) -> ExportSnapshot | NotModified:
            if answer.status == 304 and etag is not None:
                return NotModified(etag, self._caller.now())
            if answer.status != 200:
                raise Unacceptable(phrase(answer.status), _NOT_OURS)
            _check_export(read_object(answer.body, _NOT_OURS), wanted)
            return ExportSnapshot(
                answer.body,
                self._entity_tag(answer),
                hashlib.sha256(answer.body).hexdigest(),
                self._caller.now(),
            )

        return self._caller.call(call, judge)

    def probe(self) -> Probe:
        """Ask once, with the key, for the smallest part of the export.

        Raises:
            PlatformError: if no acceptable answer came within ten seconds.
        """
        policy = self._caller.policy
        caller = self._caller.with_policy(
            replace(
                policy,
                attempts=1,
                timeout_seconds=min(policy.timeout_seconds, _PROBE_SECONDS),
                deadline_seconds=min(policy.deadline_seconds, _PROBE_SECONDS),
            )
        )
        begun = caller.now()

        def judge(answer: Answer) -> Probe:
            if answer.status != 200:
                raise Unacceptable(phrase(answer.status), _NOT_OURS)
            read_object(answer.body, _NOT_OURS)
            ended = caller.now()
            return Probe(
                answer.status,
                (ended - begun).total_seconds(),
                _date(answer.headers.get("Date", "")),
                begun + (ended - begun) / 2,
            )

        return caller.call(Call("GET", "exports", urlencode({"mu": "True"})), judge)

    def export_etag(self, etag: str | None = None) -> str | None:
        """Ask for the fingerprint of the export, without receiving the export.

        Args:
            etag: fingerprint of the export at hand.

        Returns:
            The platform's fingerprint of now, `etag` itself where the export has not changed;
            None where the platform gives none.

        Raises:
            Misconfigured: if `etag` is no entity tag.
            PlatformError: if no acceptable answer arrived.
        """
        call = replace(_export_call(etag, [*_LISTS, "mu"]), headers_only=True)

        def judge(answer: Answer) -> str | None:
            if answer.status == 304:
                return etag
            if answer.status != 200:
                raise Unacceptable(phrase(answer.status), _NOT_OURS)
            return self._entity_tag(answer)

        return self._caller.call(call, judge)

    def publish_constitution(
        self, payload: Mapping[str, Any] | bytes, idempotency_key: str
    ) -> Receipt:
        """Send a constitution.

        Args:
            payload: the document, or its UTF-8 JSON bytes, which are then sent as they are.
            idempotency_key: the same for every try at publishing the same thing, also after a
                restart; 1 to 200 printable ASCII characters without blanks.

        Returns:
            The receipt; the platform has confirmed with `{"success": true}`.

        Raises:
            Misconfigured: if the document is no strict JSON or the key cannot be sent.
            PlatformError: if there was no confirmation; `may_have_been_applied` tells whether
                the platform may hold it nevertheless.
        """
        return self._post("constitution", payload, idempotency_key)

    def post_demographics(
        self, payload: Mapping[str, Any] | bytes, idempotency_key: str
    ) -> Receipt:
        """Send participants' demographics, `{"studyIdToDemoData": {id: [rows]}}`.

        Arguments, result and errors are those of `publish_constitution`; but no message quotes
        what the platform answers, which may repeat what it was sent.
        """
        return self._post("prolific/demographics", payload, idempotency_key, quotable=False)

    def _entity_tag(self, answer: Answer) -> str | None:
        """Return the answer's entity tag, where it can be sent back."""
        found = answer.headers.get("ETag", "").strip()
        usable = _ETAG.fullmatch(found) and not self._caller.reveals_key(found)
        return found if usable else None

    def _post(
        self,
        path: str,
        payload: Mapping[str, Any] | bytes,
        idempotency_key: str,
        *,
        quotable: bool = True,
    ) -> Receipt:
        if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            raise Misconfigured(
                "An idempotency key has 1 to 200 printable ASCII characters without blanks, "
                f"not {idempotency_key[:80]!r}."
            )
        body = payload if isinstance(payload, bytes) else _encode(payload)
        call = Call(
            "POST",
            path,
            headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
            body=body,
            judged=frozenset({409}),
            quotable=quotable,
        )

        def judge(answer: Answer) -> Receipt:
            _check_confirmation(answer)
            return Receipt(
                idempotency_key,
                hashlib.sha256(body).hexdigest(),
                answer.status,
                answer.attempts,
                self._caller.now(),
            )

        return self._caller.call(call, judge)


def _export_call(etag: str | None, wanted: list[str]) -> Call:
    """Return the question for the export.

    Raises:
        Misconfigured: if `etag` is no entity tag.
    """
    if etag is not None and not _ETAG.fullmatch(etag):
        raise Misconfigured(f"{etag[:80]!r} is no entity tag; leave it out to fetch anew.")
    return Call(
        "GET",
        "exports",
        urlencode(dict.fromkeys(wanted, "True")),
        headers={} if etag is None else {"If-None-Match": etag},
        judged=frozenset() if etag is None else frozenset({304}),
    )


def _encode(payload: Mapping[str, Any]) -> bytes:
    """Write strict JSON in ASCII, in which any id survives, whatever characters it holds."""
    try:
        text = json.dumps(dict(payload), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise Misconfigured(
            f"The document is no strict JSON ({error}); nothing was sent."
        ) from None
    return text.encode("ascii")


def _date(header: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(header)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _check_export(document: Mapping[str, Any], wanted: list[str]) -> None:
    missing = [name for name in wanted if name in _LISTS and name not in document]
    wrong = [
        name
        for name in wanted
        if name in _LISTS and name in document and not isinstance(document[name], list)
    ]
    mu = document.get("mu")
    if "mu" in wanted and (isinstance(mu, bool) or not isinstance(mu, (int, float, type(None)))):
        wrong.append("mu")
    if missing:
        raise Unacceptable(f"brought no list of {', '.join(missing)}", _NOT_OURS)
    if wrong:
        raise Unacceptable(f"brought a wrong type of {', '.join(wrong)}", _NOT_OURS)


def _check_confirmation(answer: Answer) -> None:
    """Accept `{"success": true}` with 2xx, or with 409 where the platform had applied it before."""
    advice = "ask the platform's operator whether it was applied"
    conflict = Unacceptable(
        phrase(answer.status),
        "compare what the platform holds with what was sent",
        kind=Rejected,
        unsure=False,
    )
    try:
        success = read_object(answer.body, advice).get("success")
    except Unacceptable as verdict:
        raise (conflict if answer.status == 409 else verdict) from None
    if success is True:
        return
    if answer.status == 409:
        raise conflict
    if success is False:
        raise Unacceptable(
            f"{phrase(answer.status)} and success: false", advice, kind=Rejected, unsure=False
        )
    raise Unacceptable(f"{phrase(answer.status)} without success: true", advice)
