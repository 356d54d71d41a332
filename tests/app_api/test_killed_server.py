"""A server that is killed while people label: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from audited_homes import copy_of

N_COMMENTS = 60
N_PEOPLE = 4
WRITES_EACH = 50
_PROGRAM = "from labelaudit_dagster.commands.serve import serve; serve()"


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `labelaudit serve` as a process; gives it with its address."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
    environment["LABELAUDIT_HOME"] = str(home)
    log = home.parent / "serve.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "--port", "0"], stderr=stream, env=environment
        )
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://\S+:\d+", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield process, found.group()
    finally:
        process.kill()
        process.wait(timeout=20)


@dataclass
class Person:
    """Somebody who labels one batch after the other, and what the server told them."""

    name: str
    acknowledged: dict[int, float] = field(default_factory=dict)
    at_hand: dict[int, float] = field(default_factory=dict)
    sequence: int = 0

    def label(self, url: str, seed: int, told: threading.Semaphore) -> None:
        draw = random.Random(f"{seed} {self.name}")
        path = f"{url}/v1/users/{self.name}/models/my_model/labels"
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(WRITES_EACH):
                size = draw.choice([1, 1, 1, 5])
                items = draw.sample(range(N_COMMENTS), size)
                self.at_hand = {item: float(draw.randrange(5)) for item in items}
                batch = [{"item_id": i, "rating": r} for i, r in self.at_hand.items()]
                try:
                    if size == 1:
                        body = {"rating": batch[0]["rating"]}
                        answer = session.put(f"{path}/{items[0]}", json=body, timeout=30)
                    else:
                        answer = session.post(path, json={"labels": batch}, timeout=30)
                    receipt = answer.json()
                except requests.RequestException:
                    return  # the server is gone; whether this batch came through is open
                assert answer.status_code == 200, receipt
                assert receipt["stored"] + receipt["unchanged"] == size
                assert receipt["sequence"] >= self.sequence
                self.sequence = receipt["sequence"]
                self.acknowledged |= self.at_hand
                self.at_hand = {}
                told.release()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_acknowledged_label_outlives_a_kill(audited_home, tmp_path, seed):
    home = copy_of(audited_home, tmp_path / "home")
    draw = random.Random(seed)
    people = [Person(f"person {number}") for number in range(N_PEOPLE)]
    told = threading.Semaphore(0)
    with serving(home) as (process, url):
        threads = [
            threading.Thread(target=person.label, args=(url, seed, told)) for person in people
        ]
        for thread in threads:
            thread.start()
        for _ in range(draw.randrange(20, 150)):
            assert told.acquire(timeout=60)
        time.sleep(draw.uniform(0, 0.02))
        process.kill()
        process.wait(timeout=20)
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive()
    # It was killed in the middle: somebody's batch was on its way.
    assert any(person.at_hand for person in people)

    with serving(home) as (_, url):
        for person in people:
            check_labels(url, person)
        # And it goes on, with numbers that follow.
        [first, *_] = people
        first.at_hand = {}
        first.label(url, seed + 100, told)
        check_labels(url, first)
    with closing(sqlite3.connect(home / "labelaudit.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def check_labels(url: str, person: Person) -> None:
    """What was acknowledged is there, and nothing else but the batch at hand, whole or not."""
    answer = requests.get(f"{url}/v1/users/{person.name}/models/my_model/labels", timeout=60)
    assert answer.status_code == 200, answer.text
    found = {row["item_id"]: row["rating"] for row in answer.json()["labels"]}
    assert found in (person.acknowledged, person.acknowledged | person.at_hand)
