"""What surrounds every request: id, safe headers, access log, and an answer to every defect."""

from __future__ import annotations

import logging
import time
import uuid
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app_api.metrics import UNROUTED, Metrics
from app_api.problems import ProblemError, problem_response
from app_api.web.error_pages import error_page, wants_page

access_log = logging.getLogger("labelaudit.access")
logger = logging.getLogger("labelaudit.api")

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer that does not set them itself."""

_LONGEST_LOGGED_PATH = 200
_LONGEST_LOGGED_METHOD = 20


class RequestFrame:
    """ASGI middleware around the whole application.

    HEAD is answered as GET without the body, which the server leaves out.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(scope, send, self._metrics).run(self._app, receive)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, send: Send, metrics: Metrics) -> None:
        self._metrics = metrics
        self._id = str(uuid.uuid4())
        self._method = str(scope["method"])
        self._state = {**scope.get("state", {}), "request_id": self._id}
        self._scope = {**scope, "state": self._state}
        if self._method == "HEAD":
            self._scope["method"] = "GET"
        self._send = send
        self._status = 0
        self._bytes = 0

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        started = time.perf_counter()
        self._metrics.begin()
        try:
            await app(self._scope, receive, self._send_framed)
        except Exception:
            if self._status:
                # Too late for a problem document: the server cuts the connection and logs it.
                raise
            logger.exception("request %s failed", self._id)
            problem = ProblemError(
                "defect",
                "The server met a defect of its own; tell its operator the instance named here.",
            )
            answer = _answer_to_defect(Request(self._scope), problem, self._id)
            await answer(self._scope, receive, self._send_framed)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(self._scope.get("route"), "path", UNROUTED)
            self._metrics.end(self._method, route, self._status, seconds)
            self._log(seconds)

    async def _send_framed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._id
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body":
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def _log(self, seconds: float) -> None:
        client = self._scope.get("client")
        caller = self._state.get("caller")
        fields = {
            "address": client[0] if client else "-",
            "method": self._method[:_LONGEST_LOGGED_METHOD],
            "route": self._shown_route(),
            "status": self._status,
            "bytes": self._bytes,
            "milliseconds": round(seconds * 1000, 1),
            "by": "-" if caller is None else caller.shown,
            "request": self._id,
        }
        access_log.info(
            "%(address)s %(method)s %(route)s %(status)d %(bytes)d bytes %(milliseconds).1f ms "
            "by=%(by)s request=%(request)s",
            fields,
            extra={"fields": fields},
        )

    def _shown_route(self) -> str:
        """Return the route's template: names of people and invitations stand in paths.

        A path without a route is shown as it came, percent-encoded and without its query.
        """
        template = getattr(self._scope.get("route"), "path", None)
        if template is not None:
            return str(template)
        path = quote(str(self._scope["path"]), safe="/:@-._~!$&'()*+,;=", errors="replace")
        return path[:_LONGEST_LOGGED_PATH]


def _answer_to_defect(request: Request, problem: ProblemError, request_id: str) -> Response:
    """Return a page for browsers, unless that fails as well, else the problem document."""
    try:
        if wants_page(request):
            return error_page(request, problem)
    except Exception:
        logger.exception("request %s: its page failed as well", request_id)
    return problem_response(problem, request_id)
