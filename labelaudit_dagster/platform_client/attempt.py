"""One attempt: send, follow redirects within the origin, read the answer within the limits."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from io import BytesIO

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.util import Url

from labelaudit_dagster.platform_client.address import join, origin, redirect_target
from labelaudit_dagster.platform_client.answer import Answer, Unacceptable
from labelaudit_dagster.platform_client.api_key import ApiKey
from labelaudit_dagster.platform_client.bounded_connection import FloodError, Limits, open_pool
from labelaudit_dagster.platform_client.call import Call, Service
from labelaudit_dagster.platform_client.errors import Rejected
from labelaudit_dagster.platform_client.excerpt import excerpt
from labelaudit_dagster.platform_client.failure import (
    Failure,
    from_exception,
    from_status,
    from_verdict,
    phrase,
)
from labelaudit_dagster.platform_client.gzip_stream import gunzipped
from labelaudit_dagster.platform_client.waiting import requested_wait

_BLOCK = 64 * 1024
_EXCERPT_BYTES = 8 * 1024
_EXCERPT_SECONDS = 2.0
_MOST_REDIRECTS = 5
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})
_PLAIN = frozenset({"", "identity"})
_ENCODINGS = _PLAIN | {"gzip", "x-gzip"}
_TRANSPORT_ERRORS = (HTTPError, HTTPException, OSError)
_UNREADABLE = (*_TRANSPORT_ERRORS, FloodError)


@dataclass(frozen=True)
class Attempt:
    """Everything that one attempt needs.

    Attributes:
        call: what is asked.
        base: base address of the service.
        service: names for header and messages.
        key: goes into the `Authorization` header and nowhere else; one of length 0 into none.
        max_bytes: largest decompressed answer.
        limits: time that is left.
        tls: gives the context for https.
        now: the time in UTC.
        number: this is the how-manieth attempt (>= 1).
    """

    call: Call
    base: Url
    service: Service
    key: ApiKey
    max_bytes: int
    limits: Limits
    tls: Callable[[], ssl.SSLContext]
    now: Callable[[], datetime]
    number: int

    def run(self) -> Answer | Failure:
        """Return a complete answer for the judge, or why there is none. Raises nothing expected."""
        url = join(self.base, self.call.path, self.call.query)
        for _ in range(_MOST_REDIRECTS + 1):
            outcome = self._request(url)
            if not isinstance(outcome, Url):
                return outcome
            url = outcome
        return self._no_redirect(f"was redirected more than {_MOST_REDIRECTS} times", None)

    def _request(self, url: Url) -> Answer | Failure | Url:
        status: int | None = None
        try:
            with open_pool(url, self.limits, self.tls) as pool:
                response = pool.urlopen(
                    self.call.method,
                    url.request_uri,
                    body=self.call.body,
                    headers=self._headers(),
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    status = response.status
                    return self._receive(url, response)
                finally:
                    # Unread bytes are dropped with the connection, never waited for.
                    response.close()
        except Unacceptable as verdict:
            return from_verdict(verdict, status, "")
        except FloodError:
            return from_verdict(self._too_large(), status, "")
        except _TRANSPORT_ERRORS as error:
            return from_exception(error, self.service, status, out_of_time=self.limits.over)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Connection": "close",
            "User-Agent": "labelaudit",
            **self.call.headers,
        }
        if len(self.key) > 0:
            headers["Authorization"] = f"{self.service.scheme} {self.key.reveal()}".lstrip()
        return headers

    def _receive(self, url: Url, response: BaseHTTPResponse) -> Answer | Failure | Url:
        status = response.status
        if 200 <= status < 300 or status in self.call.judged:
            if self.call.headers_only:
                return Answer(status, response.headers, b"", self.number)
            blocks = self._blocks(response)
            if self.call.reader is not None and status not in self.call.judged:
                content = self.call.reader(blocks)
                return Answer(status, response.headers, b"", self.number, content)
            # BytesIO hands its bytes out without copying them.
            body = BytesIO()
            body.writelines(blocks)
            return Answer(status, response.headers, body.getvalue(), self.number)
        if status in _REDIRECTING:
            return self._follow(url, status, response.headers.get("Location", ""))
        wait = requested_wait(
            response.headers.get("Retry-After"),
            answered_at=response.headers.get("Date"),
            now=self.now(),
        )
        return from_status(status, self.service, wait, self._beginning(response))

    def _blocks(self, response: BaseHTTPResponse) -> Iterator[bytes]:
        """Read a whole body; the limit holds for what comes out of the decompression."""
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise Unacceptable(
                "brought an answer in a compression that was not asked for",
                f"{self.service.name} must answer plainly or with gzip; ask its operator",
            )
        if (response.length_remaining or 0) > self.max_bytes:
            raise self._too_large()
        received = 0
        raw = response.stream(_BLOCK)
        for block in raw if encoding in _PLAIN else gunzipped(raw):
            received += len(block)
            if received > self.max_bytes:
                raise self._too_large()
            yield block

    def _too_large(self) -> Unacceptable:
        return Unacceptable(
            f"brought more than {self.max_bytes:,} bytes",
            "if that much is expected, raise LABELAUDIT_HTTP_MAX_BYTES",
        )

    def _beginning(self, response: BaseHTTPResponse) -> str:
        """Read a little of an error's body, and not for long."""
        if not self.call.quotable:
            return ""
        self.limits.shorten(_EXCERPT_SECONDS)
        body = b""
        try:
            body = response.read(_EXCERPT_BYTES, decode_content=True)
        except _UNREADABLE:
            return ""
        return excerpt(body, self.key, complete=len(body) < _EXCERPT_BYTES)

    def _follow(self, url: Url, status: int, location: str) -> Url | Failure:
        if self.call.method != "GET" and status not in _KEEP_METHOD:
            return self._no_redirect(
                f"{phrase(status)}, a redirect that would drop the document", status
            )
        target = redirect_target(url, location)
        if target is None:
            return self._no_redirect(f"{phrase(status)} to no usable address", status)
        if origin(target) != origin(self.base):
            stranger = f"{target.scheme}://{target.netloc}"
            return self._no_redirect(
                f"{phrase(status)} to another origin ({stranger[:200]}), which gets no key", status
            )
        return target

    def _no_redirect(self, reason: str, status: int | None) -> Failure:
        return Failure(
            Rejected,
            reason,
            f"set {self.service.url_setting} to the address that answers itself",
            may_pass=False,
            unsure=False,
            status=status,
        )
