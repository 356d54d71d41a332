"""Texts that attack, in every place of every route where a text can stand.

The places are found in the OpenAPI document, so that a new route is attacked as well.
"""

from __future__ import annotations

import copy
import io
import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import urllib3

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

FREE_KEY = "free-key"
UNESCAPED = ("<script>alert", "<img src=x", "{{7*7}}<", "<b>")


@dataclass(frozen=True)
class Place:
    """A place of a request where a text can stand."""

    where: str
    name: str
    at: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.where} {self.name or '.'.join(map(str, self.at))}"


@dataclass
class Operation:
    """A route with one good request."""

    method: str
    path: str
    declared: dict[str, Any]
    values: dict[str, dict[str, str]]
    media_type: str | None
    body: Any

    @classmethod
    def all_of(cls, document: dict[str, Any], known: dict[str, Any]) -> Iterator[Operation]:
        for path, operations in document["paths"].items():
            for method, declared in operations.items():
                values: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
                for one in declared.get("parameters", ()):
                    good = known.get(one["name"], _good(one["schema"], one["name"], known))
                    values[one["in"]][one["name"]] = str(good)
                contents = declared.get("requestBody", {}).get("content", {})
                for media_type, content in contents.items() or [(None, {})]:
                    body = _good(content.get("schema", {}), "", known) if media_type else None
                    yield cls(method.upper(), path, declared, values, media_type, body)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def places(self) -> Iterator[Place]:
        for where, values in self.values.items():
            for name in values:
                yield Place(where, name)
        for at in _texts_in(self.body):
            yield Place("body", "", at)

    def request(self, place: Place | None = None, text: str = "") -> dict[str, Any]:
        """Return the good request, or one with a text at a place, for urllib3."""
        values, body = copy.deepcopy(self.values), copy.deepcopy(self.body)
        if place is not None and place.where == "body":
            body = _with_text(body, place.at, text)
        elif place is not None:
            values[place.where][place.name] = text
        segments = {name: _quoted(value) for name, value in values["path"].items()}
        query = urlencode(values["query"], errors="surrogatepass")
        # Whoever answers browsers with pages is to do so.
        headers = {"Accept": "text/html, */*;q=0.5"}
        headers |= {k: v.encode("utf-8", "replace") for k, v in values["header"].items()}
        found = {"method": self.method, "url": f"{self.path.format(**segments)}?{query}"}
        if self.media_type == "application/json":
            found["body"] = json.dumps(body).encode("ascii")
        elif self.media_type:
            found["body"] = urlencode(body, errors="surrogatepass").encode("ascii")
        if self.media_type:
            headers["Content-Type"] = self.media_type
        return {**found, "headers": headers}


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _good(schema: dict[str, Any], name: str, known: dict[str, Any]) -> Any:
    """Return a value of a schema, one that means something where its name is known."""
    if name in known:
        return known[name]
    for many in ("anyOf", "oneOf"):
        if many in schema:
            return _good(schema[many][0], name, known)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        found = {key: _good(part, key, known) for key, part in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties", not found)
        if more:
            found[FREE_KEY] = _good(more if isinstance(more, dict) else {}, "", known)
        return found
    if kind == "array":
        return [_good(schema.get("items", {}), "", known)]
    return {"string": "a", "boolean": True, "null": None}.get(kind, schema.get("minimum", 1))


def _texts_in(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, str):
        yield at
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _texts_in(part, (*at, place))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts_in(part, (*at, key))
        if FREE_KEY in value:
            yield (*at, None)


def _with_text(value: Any, at: tuple[Any, ...], text: str) -> Any:
    """Put a text at a place; None as the last step stands for the free key."""
    if not at:
        return text
    step, *rest = at
    if step is None:
        return {text if key == FREE_KEY else key: part for key, part in value.items()}
    value[step] = _with_text(value[step], tuple(rest), text)
    return value


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
            yield Attacked(pool, log, list(Operation.all_of(document, known_values(server))))
        finally:
            pool.close()
            logger.removeHandler(handler)
            logger.setLevel(level)


def known_values(server) -> dict[str, Any]:
    """Return values of parameters by which a request comes as far as possible."""
    corpus = server.app.state.services.audit.corpus()
    topic = next(name for name in corpus.topics.names if not name.startswith("-1"))
    text = corpus.table.texts[0]
    guideline = server.get("/v1/constitution").json()["guidelines"][0]["guideline_id"]
    return {
        "user": "ann", "cur_user": "ann", "participant_id": "ann",
        "model": "my_model", "pers_model": "my_model", "model_name": "my_model",
        "topic": topic, "cluster": topic, "search_type": "cluster",
        "item_id": 0, "rating": 1.0, "ratings": {text: "3"}, "mode": "train",
        "guideline": guideline, "guideline_id": guideline,
        "n": 3, "limit": 5, "seed": 1, "version": 0,
    }  # fmt: skip


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
