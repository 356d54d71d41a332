"""Texts that attack, in every place of every route where a text can stand.

The places are found in the OpenAPI document, so that a new route is attacked as well.
"""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import urllib3
from good_requests import Operation, Place, known_values, quoted

from app_api.problems import KINDS
from app_api.server_log import OneLineFormatter

MARKUP = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>&\u202e\U0001f480${7*7}{{7*7}}"
TEXTS = {
    "markup": MARKUP,
    "line ends": "a\r\nX-Injected: 1\r\n\r\n<b>\u2028\x1b[2J",
    "nul": "a\0b",
    "half a surrogate pair": "\ud800",
    "path and query": "../../etc/passwd'; DROP TABLE users; --%00%2e",
}
LONG_BODY = "\U0001f480" * 250_000
LONG_URL = "\U0001f480" * 15_000
"""180 kB in a URL, of 256 that the server reads."""

UNESCAPED = ("<script>alert", "<img src=x", "<b>")


@dataclass
class Attacked:
    """A server, its log, and what stands in its OpenAPI document."""

    pool: urllib3.HTTPConnectionPool
    log: io.StringIO
    operations: list[Operation]

    def send(self, operation: Operation, place: Place | None, text: str) -> Any:
        """Send one request and judge answer and log; gives the answer."""
        self.log.seek(0)
        self.log.truncate()
        request = operation.request(place, text)
        request["headers"] = {**self.pool.headers, **request["headers"]}
        answer = self.pool.request(**request, redirect=False, retries=False, timeout=60)
        check_answer(operation, answer)
        # The answer is sent before the line is written.
        deadline = time.monotonic() + 20
        while "\n" not in self.log.getvalue() and time.monotonic() < deadline:
            time.sleep(0.001)
        check_log(self.log.getvalue(), answer.headers["X-Request-Id"])
        return answer


def check_answer(operation: Operation, answer: Any) -> None:
    assert answer.status < 500, answer.data[:1000]
    assert "X-Injected" not in answer.headers
    assert not [value for value in answer.headers.values() if not value.isprintable()]
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    text = answer.data.decode("utf-8")
    if kind == "text/html":
        pages = [
            response
            for response in operation.declared["responses"].values()
            if "text/html" in response.get("content", {})
        ]
        assert pages, "the document says nothing of a page"
        assert not [mark for mark in UNESCAPED if mark in text], text
    elif answer.status >= 400:
        assert kind == "application/problem+json", text[:200]
        problem = json.loads(text)
        assert problem["status"] == answer.status
        assert problem["type"].rpartition(":")[2] in KINDS
        assert len(text) < 20_000
    elif kind == "application/json":
        json.loads(text, parse_constant=pytest.fail)


def check_log(text: str, request_id: str) -> None:
    """The log has one line, and that is of the request."""
    [line] = text.splitlines()
    assert line.isprintable()
    assert len(line) < 1000
    assert re.fullmatch(rf"INFO labelaudit\.access: .* request={request_id}", line), line


@pytest.fixture(scope="module")
def attacked(make_audited_server) -> Iterator[Attacked]:
    """A server that trains nobody, so that thousands of requests do not take minutes."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(OneLineFormatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("labelaudit")
    level = logger.level
    with make_audited_server(training="elsewhere") as server:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        pool = urllib3.connection_from_url(server.url, maxsize=1)
        try:
            document = server.get("/openapi.json").json()
            operations = list(Operation.all_of(document, known_values(server)))
            # Attacks make tokens and invitations, after which nobody is let in without one.
            pool.headers = {"Authorization": f"Bearer {server.token('operator')}"}
            yield Attacked(pool, log, operations)
        finally:
            pool.close()
            logger.removeHandler(handler)
            logger.setLevel(level)


@pytest.mark.parametrize("kind", TEXTS)
def test_hostile_texts_are_taken_as_texts_or_refused(attacked, subtests, kind):
    places = 0
    for operation in attacked.operations:
        with subtests.test(operation=str(operation)):
            for place in operation.places():
                # No client and no server lets control characters into a header.
                if place.where != "header" or min(TEXTS[kind]) >= " ":
                    attacked.send(operation, place, TEXTS[kind])
                    places += 1
    assert places > 100


def test_long_texts_are_taken_as_texts_or_refused(attacked, subtests):
    for operation in attacked.operations:
        with subtests.test(operation=str(operation)):
            for place in operation.places():
                if place.where != "header":
                    text = LONG_BODY if place.where == "body" else LONG_URL
                    attacked.send(operation, place, text)


def test_what_was_stored_under_hostile_names_comes_back_as_text(make_audited_server):
    user, model = f"user {MARKUP} /..\r\n", f"model {MARKUP}"
    whose = f"/v1/users/{quoted(user)}/models/{quoted(model)}"
    labels = [{"item_id": item, "rating": float(item % 5)} for item in range(8)]
    report = {
        "title": f"Topic: {MARKUP}", "text_entry": f"{MARKUP}\r\n\r\n# no heading\0",
        "error_type": "System is over-sensitive", "sep_selection": "Accuracy",
        "evidence": [{"item_id": 0}],
    }  # fmt: skip
    with make_audited_server() as server:
        assert server.post(f"{whose}/labels", {"labels": labels}).status_code == 200
        # The first training of a process loads Dagster.
        trained = requests.post(f"{server.url}{whose}/trainings", json={}, timeout=120)
        assert trained.status_code == 201, trained.text
        audit = server.get(f"{whose}/audit").json()
        assert (audit["user"], audit["model"], audit["n_labels"]) == (user, model, 8)
        assert user in [row["user"] for row in server.get("/v1/users").json()["users"]]
        saved = server.post(f"{whose}/reports", report)
        assert saved.status_code == 201, saved.text
        path = f"/v1/users/{quoted(user)}/reports/{saved.json()['report_id']}"
        kept = server.get(path).json()["report"]
        assert (kept["title"], kept["text_entry"]) == (report["title"], report["text_entry"])
        page = server.get(f"{path}?format=html")
        assert page.headers["Content-Type"].startswith("text/html")
        assert "&lt;script&gt;alert(1)" in page.text
        assert not [mark for mark in UNESCAPED if mark in page.text], page.text
        # Nor could a script run that slipped through.
        assert "script-src" not in page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        markdown = server.get(f"{path}?format=markdown").text
        assert not [mark for mark in UNESCAPED if mark in markdown], markdown
        assert "\n# no heading" not in markdown
