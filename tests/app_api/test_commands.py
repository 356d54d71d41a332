"""`labelaudit serve` and `labelaudit token`, as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from app_api.listening import ListenError, listen
from app_api.serving import UnprotectedError
from labelaudit_dagster.commands.serve import serve
from labelaudit_dagster.commands.token import token
from labelaudit_dagster.store import Database, TokenError, load_community

_PROGRAM = "from labelaudit_dagster.commands.serve import serve; serve()"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("LABELAUDIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LABELAUDIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


Started = tuple["subprocess.Popen[str]", str]


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., Started]]:
    """Start a server as a process; gives it with its address. It is killed in the end."""
    processes = []

    def begin(*arguments: str) -> Started:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "--port", "0", *arguments],
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+:\d+", line)
        assert found, line + process.stderr.read()
        return process, found.group()

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(token, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_serve_from_an_empty_home_to_a_graceful_end(home, start):
    process, url = start()
    assert requests.get(f"{url}/readyz", timeout=20).json() == {"status": "ready"}
    assert (home / "labelaudit.db").is_file()
    assert requests.get(f"{url}/v1/x?secret=1", timeout=20).status_code == 404

    text = invoke("create", "--role", "pipeline").strip()
    assert requests.get(f"{url}/api/openapi/exports", timeout=20).status_code == 401
    headers = {"Authorization": f"Bearer {text}"}
    answer = requests.get(f"{url}/api/openapi/exports", headers=headers, timeout=20)
    assert answer.status_code == 200

    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""
    assert "Traceback" not in log
    assert "GET /v1/x 404" in log
    assert "secret" not in log
    assert text.rpartition("_")[2] not in log
    assert text.split("_")[1] in log
    # Closed in good order: nothing is left in a write-ahead log.
    assert not (home / "labelaudit.db-wal").exists()


def test_a_request_at_hand_is_finished_before_the_end(home, start, refill):
    with Database.open(f"sqlite:///{home / 'labelaudit.db'}") as database:
        refill(database)
    process, url = start()
    host, port = url.removeprefix("http://").split(":")
    body = b'{"participant_id": "ann", "guideline_id": "g2", "rating": "helpful"}'
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/ratings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        requests.get(f"{url}/healthz", timeout=20).raise_for_status()
        process.send_signal(signal.SIGINT)
        connection.sendall(body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert process.wait(timeout=20) == 0


def test_every_acknowledged_rating_survives_kill_9(home, start, refill):
    with Database.open(f"sqlite:///{home / 'labelaudit.db'}") as database:
        refill(database)
    process, url = start()
    acknowledged: list[str] = []
    enough = threading.Event()

    def rate(worker: int) -> None:
        with requests.Session() as session:
            for number in range(100):
                name = f"w{worker}-{number}"
                rating = {"participant_id": name, "guideline_id": "g2", "rating": "helpful"}
                try:
                    answer = session.post(f"{url}/v1/ratings", json=rating, timeout=20)
                except requests.RequestException:
                    return
                if answer.status_code == 200:
                    acknowledged.append(name)
                if len(acknowledged) >= 100:
                    enough.set()

    threads = [threading.Thread(target=rate, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(timeout=40)
    process.kill()
    for thread in threads:
        thread.join(timeout=20)
    assert 100 <= len(acknowledged) < 400

    with Database.open(f"sqlite:///{home / 'labelaudit.db'}") as database:
        ratings = load_community(database).community.guideline_ratings
    kept = set(ratings.loc[ratings["guideline_id"] == "g2", "participant_id"])
    assert set(acknowledged) <= kept
    # At most one rating for each worker was stored without having been acknowledged.
    assert len(kept - set(acknowledged) - {"cy"}) <= 4

    _, url = start()
    export = requests.get(f"{url}/api/openapi/exports?ratings=True", timeout=20).json()
    assert set(acknowledged) <= {row["authorId"] for row in export["ratings"]}


def test_a_busy_port_is_named(home):
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"Port {port} on 127.0.0.1 is in use.*--port"):
            CliRunner().invoke(serve, ["--port", str(port)], catch_exceptions=False)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.1", "", "a b"])
def test_an_impossible_address_is_named(home, host):
    with pytest.raises(ListenError, match="--host"):
        CliRunner().invoke(serve, ["--host", host, "--port", "0"], catch_exceptions=False)


def test_other_networks_need_a_token_first(home):
    arguments = ["--host", "0.0.0.0", "--port", "0"]
    with pytest.raises(UnprotectedError, match="labelaudit token create"):
        CliRunner().invoke(serve, arguments, catch_exceptions=False)
    made = json.loads(invoke("create", "--role", "pipeline", "--json"))
    invoke("revoke", made["token_id"])
    with pytest.raises(UnprotectedError, match="no valid token"):
        CliRunner().invoke(serve, arguments, catch_exceptions=False)


def test_with_a_token_other_networks_are_served(home, start):
    text = invoke("create", "--role", "operator").strip()
    _, url = start("--host", "0.0.0.0")
    url = url.replace("0.0.0.0", "127.0.0.1")
    assert requests.get(f"{url}/api/openapi/exports", timeout=20).status_code == 401
    headers = {"Authorization": f"Bearer {text}"}
    answer = requests.get(f"{url}/api/openapi/exports", headers=headers, timeout=20)
    assert answer.status_code == 200


def test_a_token_is_printed_once_and_listed_without_its_secret(home):
    assert json.loads(invoke("list", "--json")) == []
    text = invoke("create", "--role", "pipeline", "--name", "nightly\x1b[2J", "--days", "30")
    assert re.fullmatch(r"la_[0-9a-f]{16}_[\w-]{43}\n", text)
    secret, token_id = text.strip().split("_", 2)[2], text.split("_")[1]
    assert secret not in invoke("list")
    assert "\x1b" not in invoke("list")
    (listed,) = json.loads(invoke("list", "--json"))
    assert secret not in json.dumps(listed)
    expires = datetime.fromisoformat(listed.pop("expires_at"))
    created = datetime.fromisoformat(listed.pop("created_at"))
    assert (expires - created).days == 30
    assert abs((created - datetime.now(UTC)).total_seconds()) < 60
    assert listed == {
        "token_id": token_id, "role": "pipeline", "subject": None, "name": "nightly\x1b[2J",
        "revoked_at": None, "state": "valid",
    }  # fmt: skip
    assert not [path for path in home.rglob("*") if path.is_file() and _holds(path, secret)]


def _holds(path: Path, secret: str) -> bool:
    return secret.encode() in path.read_bytes()


def test_json_of_a_new_token_holds_it(home):
    made = json.loads(invoke("create", "--role", "auditor", "--subject", "ann", "--json"))
    assert made["token"].startswith(f"la_{made['token_id']}_")
    assert (made["role"], made["subject"], made["state"]) == ("auditor", "ann", "valid")


@pytest.mark.parametrize("given", ["{id}", "la_{id}_whatever-secret"])
def test_revoking_by_id_or_by_the_whole_token(home, given):
    made = json.loads(invoke("create", "--role", "operator", "--json"))
    for _ in range(2):
        revoked = json.loads(invoke("revoke", given.format(id=made["token_id"]), "--json"))
        assert revoked["state"] == "revoked"
    assert json.loads(invoke("list", "--json"))[0]["state"] == "revoked"


def test_an_unknown_token_is_named_without_its_secret(home):
    with pytest.raises(TokenError) as refused:
        invoke("revoke", "la_0123456789abcdef_very-secret")
    assert "0123456789abcdef" in str(refused.value)
    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["create"],
        ["create", "--role", "king"],
        ["create", "--role", "operator", "--days", "0"],
    ],
)
def test_impossible_tokens_are_refused(home, arguments):
    result = CliRunner().invoke(token, arguments)
    assert result.exit_code == 2
    assert json.loads(invoke("list", "--json")) == []


def test_a_personal_role_needs_its_person(home):
    with pytest.raises(TokenError, match="subject"):
        invoke("create", "--role", "participant")
