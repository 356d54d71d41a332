"""`run_failure_sensor` and a webhook that misbehaves."""

from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr
from sensor_bench import Bench, Hands

from labelaudit_dagster.automation.failure_message import failure_message
from labelaudit_dagster.automation.telling import MOST_TRIES
from labelaudit_dagster.sensors.run_failures import run_failure_sensor
from labelaudit_dagster.settings import Settings

SECRET = "T0/B1/hunter2hunter2"


class Webhook:
    """A webhook that answers as it is told, and well after that."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.got.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(webhook.statuses.pop(0) if webhook.statuses else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hooks/{SECRET}?token={SECRET}"


@pytest.fixture
def webhook():
    found = Webhook()
    found.thread.start()
    yield found
    found.server.shutdown()
    found.thread.join()
    found.server.server_close()


@pytest.fixture
def bench(make_bench, webhook: Webhook, tmp_path) -> Bench:
    settings = Settings(
        home=tmp_path,
        failure_webhook_url=SecretStr(webhook.address),
        platform_api_key=SecretStr("the-key-of-a-platform"),
        dagster_url="https://dagster.example",
    )
    bench = make_bench(run_failure_sensor, settings)
    bench.look()
    return bench


def fail(bench: Bench, description: str | None) -> str:
    """Let a run fail, as expected with a description, else by a defect that quotes a text."""

    @dg.op
    def a_step() -> None:
        if description is not None:
            raise dg.Failure(description=description, allow_retries=False)
        raise KeyError("a comment that nobody must read")

    @dg.job
    def a_job() -> None:
        a_step()

    result = a_job.execute_in_process(instance=bench.instance, raise_on_error=False)
    assert not result.success
    return result.run_id


def test_every_failure_is_told_once(bench: Bench, webhook: Webhook):
    runs = [
        fail(bench, "It answered 503;\nask the-key-of-a-platform."),
        fail(bench, None),
    ]
    bench.look()
    assert bench.reason.startswith("2 failures told")
    assert bench.look() is None
    assert [body["run_id"] for _, _, body in webhook.got] == runs
    path, headers, first = webhook.got[0]
    assert path == f"/hooks/{SECRET}?token={SECRET}"
    assert headers["Idempotency-Key"] == f"run-failed-{runs[0]}"
    assert first["reasons"] == ["It answered 503; ask [secret]."]
    assert (first["job"], first["steps"]) == ("a_job", ["a_step"])
    assert first["url"] == f"https://dagster.example/runs/{runs[0]}"
    second = webhook.got[1][2]
    assert second["reasons"] == ["KeyError that was not expected."]
    assert "nobody must read" not in json.dumps(second)


def test_what_failed_before_is_not_told(make_bench, webhook, bench, tmp_path):
    fail(bench, "Before.")
    fresh = make_bench(run_failure_sensor, bench.settings)
    fresh.look()
    fail(fresh, "After.")
    fresh.look()
    assert [body["reasons"] for _, _, body in webhook.got] == [["After."]]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_webhook_that_is_down_gets_it_later(bench, webhook, status):
    webhook.statuses = [status, status]
    fail(bench, "One.")
    fail(bench, "Two.")
    bench.look()
    assert bench.reason == f"0 failures told. The webhook answered {status}."
    bench.look()
    assert len(webhook.got) == 1, "not before a minute"
    bench.clock.step(minutes=1)
    bench.look()
    bench.clock.step(minutes=2)
    bench.look()
    assert [body["reasons"] for _, _, body in webhook.got[2:]] == [["One."], ["Two."]]


def test_a_message_that_is_refused_is_given_up_and_holds_up_no_other(bench, webhook):
    webhook.statuses = [400]
    fail(bench, "One.")
    fail(bench, "Two.")
    bench.look()
    assert bench.reason == "1 failures told. The webhook answered 400. That message is given up."
    bench.clock.step(hours=1)
    bench.look()
    assert len(webhook.got) == 2


def test_a_webhook_that_never_answers_is_given_up(make_bench, instance, tmp_path):
    address = SecretStr(f"http://127.0.0.1:9/{SECRET}")
    settings = Settings(home=tmp_path, failure_webhook_url=address)
    bench = make_bench(run_failure_sensor, settings)
    bench.look()
    fail(bench, "One.")
    for _ in range(MOST_TRIES):
        bench.clock.step(hours=1)
        bench.look()
    assert "given up" in bench.reason
    bench.clock.step(hours=1)
    bench.look()
    assert bench.reason == "0 failures told."


@pytest.mark.parametrize("hours", [48, -48])
def test_a_clock_that_is_set_does_not_silence_it(bench, webhook, hours):
    webhook.statuses = [503]
    fail(bench, "One.")
    bench.look()
    bench.clock.step(hours=hours)
    bench.look()
    assert len(webhook.got) == 2


def test_the_address_appears_nowhere(bench, webhook, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    webhook.statuses = [503, 404]
    fail(bench, "One.")
    for _ in range(2):
        bench.look()
        assert "hunter2" not in bench.reason + bench.cursor
        bench.clock.step(minutes=1)
    assert "hunter2" not in caplog.text + "".join(capfd.readouterr()) + repr(bench.settings)
    # What it is told itself holds no more of it than it knows.
    assert all(webhook.address not in json.dumps(body) for _, _, body in webhook.got)


def test_without_a_webhook_it_is_off(tmp_path):
    settings = Settings(home=tmp_path)
    sensor = run_failure_sensor(settings, Hands())
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_long_reasons_are_cut():
    message = failure_message(
        run_id="r",
        job="j",
        failed_at=Hands().now,
        steps=[],
        reasons=["x" * 10_000] * 100,
        secrets=["", "y"],
        dagster_url=None,
    )
    assert len(json.dumps(message)) < 10_000
    assert message["url"] is None
