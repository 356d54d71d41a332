"""The command and the job on homes of their own: once, after deaths, with what is said."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from forked_commands import Death, Home
from platform_server import PlatformServer
from prolific_server import SECRETS, ProlificServer, export_of, person

from labelaudit_dagster.store import Database, latest_demographics, list_sendings

STORE = "labelaudit_dagster.store"
STEPS = "labelaudit_dagster.store.demographics_sent"
CLIENT = "labelaudit_dagster.platform_client.client"

pytestmark = pytest.mark.slow

A = export_of([person("ann"), person("bob", Age="71"), person("eve", status="RETURNED")])
B = export_of([person("cem")])


def test_the_command_says_what_became_of_each_study(home: Home, prolific: ProlificServer) -> None:
    prolific.studies = {"s1": A, "s2": B}
    dry = home.run("demographics", "--dry-run", "--json").succeeded().json
    assert (dry["dry_run"], [study["state"] for study in dry["studies"]]) == (
        True, ["would_send", "would_send"],
    )  # fmt: skip
    assert not (home.path / "labelaudit.db").exists()

    prolific.faults = {"s2": ["status_403"]}
    first = home.run("demographics", "--json")
    assert first.code == 1
    assert "Study s2 failed: GET " in first.err
    sent, failed = first.json["studies"]
    assert (sent["state"], sent["rows_in"], sent["rows_kept"]) == ("sent", 3, 2)
    assert sent["dropped"] == {"status RETURNED": 1}
    assert (failed["state"], failed["rows_in"]) == ("failed", None)
    assert "HTTP 403" in failed["problem"]

    prolific.faults = {}
    second = home.run("demographics").succeeded()
    for part in ("s1", "unchanged", "s2", "sent", "1 status RETURNED", "Employment status"):
        assert part in second.out
    with Database.open(home.database_url) as database:
        assert {k: len(v) for k, v in latest_demographics(database).items()} == {"s1": 2, "s2": 1}


def test_no_secret_reaches_a_file_or_a_log(home: Home, prolific: ProlificServer) -> None:
    prolific.studies = {"s1": A, "broken": b"Participant id,Sex\r\nsecret-person,a,b\r\n"}
    answers = [home.run("demographics", *more) for more in ((), ("--json",), ("--dry-run",))]
    key = home.settings["prolific_api_key"]
    texts = [answer.out + answer.err for answer in answers]
    for path in (*home.path.rglob("*"), *(home.path.parent / "output").iterdir()):
        if path.is_file():
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    for secret in (key, "secret-person", *SECRETS):
        assert [text for text in texts if secret in text] == []
    # People are in the database alone.
    with_people = {
        path.name for path in home.path.rglob("*")
        if path.is_file() and b"Klingon" in path.read_bytes()
    }  # fmt: skip
    assert with_people == {"labelaudit.db"}


def test_what_is_missing_is_named_before_anything_is_sent(
    home: Home, prolific: ProlificServer, platform: PlatformServer
) -> None:
    message = home.run("demographics", prolific_api_key=None).failed()
    assert "LABELAUDIT_PROLIFIC_API_KEY is not set" in message
    home.run("demographics", platform_url=platform.url).failed("LABELAUDIT_PLATFORM_API_KEY")
    home.run("demographics", prolific_columns="Age,age").failed("LABELAUDIT_PROLIFIC_COLUMNS")
    home.run("demographics", prolific_columns="Submission id").failed("names an id")
    assert prolific.requests == platform.requests == []
    prolific.prepare(["status_401"])
    home.run("demographics").failed("HTTP 401", "LABELAUDIT_PROLIFIC_API_KEY")


DEATHS: dict[str, tuple[Death, list[str], int]] = {
    "before the number": ((STORE, "begin_sending", "before", 1), [], 0),
    "inside the transaction of the number": ((STEPS, "add_change", "after", 1), [], 0),
    "between number and request": ((STORE, "begin_sending", "after", 1), ["begun"], 0),
    "as the reply is there": (
        (CLIENT, "PlatformClient.post_demographics", "after", 1), ["begun"], 1,
    ),
    "before it is kept here": ((STORE, "receive_demographics", "before", 1), ["begun"], 1),
    "between reply and receipt": ((STORE, "finish_sending", "before", 1), ["begun"], 1),
    "inside the transaction of the receipt": ((STEPS, "add_change", "after", 2), ["begun"], 1),
    "after the receipt": ((STORE, "finish_sending", "after", 1), ["sent"], 1),
}  # fmt: skip


def states(home: Home) -> list[str]:
    with closing(sqlite3.connect(home.path / "labelaudit.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Database.open(home.database_url) as database:
        return [sending.state for sending in list_sendings(database)]


def test_killed_at_every_step(
    home: Home, prolific: ProlificServer, platform: PlatformServer, platform_key: str
) -> None:
    """`kill -9`, one study after the other on one home; each is there once under one key."""
    home = home.on(platform_url=platform.url, platform_api_key=platform_key)
    for number, (where, (death, known, applied)) in enumerate(DEATHS.items()):
        platform.prepare([])
        prolific.studies = {f"s{number}": A}
        before = states(home) if number else []
        assert home.run("demographics", die=death).code == -signal.SIGKILL, where
        assert states(home) == known + before, where
        assert len(platform.applied) == applied, where
        again = home.run("demographics", "--json").succeeded().json
        (study,) = again["studies"]
        assert study["state"] == ("unchanged" if known == ["sent"] else "sent"), where
        assert states(home) == ["sent", *before], where
        keys = {request.headers["idempotency-key"] for request in platform.requests}
        assert (len(platform.applied), len(keys), platform.conflicts) == (1, 1, []), where
    with Database.open(home.database_url) as database:
        assert set(latest_demographics(database)) == {f"s{n}" for n in range(len(DEATHS))}


def test_two_at_once_send_once(
    home: Home, prolific: ProlificServer, platform: PlatformServer, platform_key: str
) -> None:
    prolific.studies = {"s1": A}
    home = home.on(platform_url=platform.url, platform_api_key=platform_key)
    together = [home.start("demographics", "--json") for _ in range(2)]
    answers = [command.wait().succeeded().json for command in together]
    assert sorted(answer["studies"][0]["state"] for answer in answers) == ["sent", "unchanged"]
    assert len(platform.applied) == 1


def test_they_reach_participants_through_the_pipeline(
    home: Home, prolific: ProlificServer, platform: PlatformServer, platform_key: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    """With the embedded platform through its export, with another one beside it."""
    export = {**platform.export, "users": [{"id": "ann"}, {"id": "bob"}, {"id": "cem"}]}
    export["ratings"] = [
        {"authorId": name, "guidelineId": item, "rating": rating}
        for name in ("ann", "bob", "cem")
        for item, rating in (("g1", "helpful"), ("g2", "not_helpful"))
    ]
    platform.export = export
    prolific.studies = {"s1": A}
    (tmp_path / "export.json").write_text(json.dumps(export))
    there = Home(tmp_path / "there", home.forker, home.settings)
    there = there.on(platform_url=platform.url, platform_api_key=platform_key)
    home.run("import", "export", tmp_path / "export.json").succeeded()
    for one in (home, there):
        one.run("demographics").succeeded()
        one.compute().succeeded()
        ref = one.store.current("participants")
        assert ref is not None
        people = one.store.load_table(ref).set_index("participant_id")
        assert people["Age"].fillna("").to_dict() == {"ann": "25-34", "bob": "65+", "cem": ""}
        assert "Submission id" not in people
