"""Headers of every answer, closed origins, and what the log tells of whom."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from datetime import timedelta

import pytest
import requests
import uvicorn

from app_api.server_log import JsonFormatter, OneLineFormatter, log_configuration
from labelaudit_dagster.store import create_invitation

ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
KINDS_OF_ANSWERS = [
    ("GET", "/healthz", 200),
    ("GET", "/docs", 200),
    ("GET", "/", 307),
    ("GET", "/join/lai_0123456789abcdef_x", 410),
    ("GET", "/v1/constitution", 401),
    ("GET", "/nowhere", 404),
    ("PATCH", "/healthz", 405),
    ("POST", "/v1/session", 415),
    ("DELETE", "/v1/session", 204),
    ("OPTIONS", "/v1/me", 405),
]


@pytest.fixture(scope="module")
def server(shared_server):
    """With a token, so that callers are told apart."""
    shared_server.token("operator")
    return shared_server


@pytest.mark.parametrize(("method", "path", "status"), KINDS_OF_ANSWERS)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_every_kind_of_answer_is_guarded(server, method, path, status, accept):
    headers = {"Accept": accept, "Origin": server.url}
    answer = requests.request(
        method, server.url + path, headers=headers, timeout=20, allow_redirects=False
    )
    assert answer.status_code == status
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "strict-origin")
    assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache")
    assert "Server" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/session", "/v1/me", "/v1/constitution", "/healthz"])
@pytest.mark.parametrize("origin", ["https://page.example", "null", "http://127.0.0.1:1"])
def test_no_origin_is_let_in(server, path, origin):
    headers = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
    for method in ("OPTIONS", "GET"):
        answer = requests.request(method, server.url + path, headers=headers, timeout=20)
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    "path", ["/join/%0d%0aSet-Cookie:%20a=b", "/%0d%0aX-Evil:%201", "/join/<b>"]
)
def test_nothing_of_a_request_becomes_a_header_or_markup(server, path):
    answer = server.get(path, headers={"Accept": "text/html"})
    assert "Set-Cookie" not in answer.headers
    assert "X-Evil" not in answer.headers
    assert "<b>" not in answer.text


def entry(caplog, route):
    """Return the first entry about a route; a request is logged just after it is answered."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for record in list(caplog.records):
            if f" {route} " in record.getMessage():
                return record
        time.sleep(0.01)
    raise AssertionError(f"nothing about {route} was logged")


def test_the_log_tells_of_sessions_and_routes_by_no_name(server, caplog):
    now = server.app.state.services.now()
    _, text = create_invitation(
        server.database, "auditor", "zoë-the-auditor", now + timedelta(days=1), now
    )
    with caplog.at_level(logging.INFO, logger="labelaudit"):
        server.get(f"/join/{text}?secret=1")
        answer = server.post("/v1/session", {"invitation": text})
        held, session_id = answer.cookies, answer.json()["id"]
        server.get("/v1/users/zoë-the-auditor/models", cookies=held)
        entry(caplog, "/join/{invitation}")
        record = entry(caplog, "/v1/users/{user}/models")
    secrets = (text.rpartition("_")[2], next(iter(held)).value.rpartition("_")[2])
    shown = [OneLineFormatter().format(one) for one in caplog.records]
    shown += [JsonFormatter().format(one) for one in caplog.records]
    for hidden in (*secrets, "zo", "secret=1", answer.json()["csrf_token"]):
        assert not [line for line in shown if hidden in line], hidden
    assert f"by=session:{session_id}" in record.getMessage()
    document = json.loads(JsonFormatter().format(record))
    assert document | {"milliseconds": 0, "bytes": 0, "time": "", "message": "", "status": 0} == {
        "time": "",
        "level": "INFO",
        "logger": "labelaudit.access",
        "message": "",
        "address": "127.0.0.1",
        "method": "GET",
        "route": "/v1/users/{user}/models",
        "status": 0,
        "bytes": 0,
        "milliseconds": 0,
        "by": f"session:{session_id}",
        "request": document["request"],
    }


def test_an_entry_as_json_is_one_line_whatever_is_in_it():
    record = logging.LogRecord("x", logging.ERROR, "", 0, 'a\r\nb" {"c": 1}\u2028\ud800', (), None)
    try:
        raise ValueError("first\nforged lai_0123456789abcdef_secret")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    line = JsonFormatter().format(record)
    assert line.isascii()
    assert line.isprintable()
    document = json.loads(line)
    assert document["message"] == 'a\r\nb" {"c": 1}\u2028\ud800'
    assert "forged lai_0123456789abcdef_..." in document["traceback"]
    assert "_secret" not in line


def test_the_setting_chooses_the_form_of_the_log():
    for form, name in (("text", "line"), ("json", "json")):
        configured = log_configuration(form)
        assert configured["handlers"]["stderr"]["formatter"] == name
    assert log_configuration()["handlers"]["stderr"]["formatter"] == "line"


def test_a_server_that_ends_finishes_what_is_at_hand_and_takes_nothing_new(make_server):
    from app_api.listening import listen, shown_address
    from app_api.serving import server_configuration

    with make_server() as running:
        app = running.app
        begun, go_on = threading.Event(), threading.Event()

        def slow() -> dict[str, bool]:
            begun.set()
            go_on.wait(timeout=20)
            return {"finished": True}

        # Beside the application's own routes, outside the table of rights.
        app.router.routes.insert(0, _route("/slow", slow))
        with listen("127.0.0.1", 0) as listener:
            server = uvicorn.Server(server_configuration(app))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            url, answers = shown_address(listener), []
            asking = threading.Thread(
                target=lambda: answers.append(requests.get(f"{url}/slow", timeout=30))
            )
            asking.start()
            assert begun.wait(timeout=20)
            server.handle_exit(signal.SIGTERM, None)
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    requests.get(f"{url}/healthz", timeout=1)
                except requests.RequestException:
                    break
                time.sleep(0.05)
            else:
                raise AssertionError("the server still takes new requests")
            go_on.set()
            asking.join(timeout=20)
            thread.join(timeout=20)
        assert not thread.is_alive()
        assert answers[0].json() == {"finished": True}


def _route(path, function):
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def answer(_request):
        return JSONResponse(await run_in_threadpool(function))

    return Route(path, answer)
