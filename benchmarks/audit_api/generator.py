"""The load generator, a process of its own: prints its figures as JSON.

    python -m benchmarks.audit_api.generator URL TOKEN PID STAGE OPTIONS

OPTIONS is a JSON object, the parameters of the stage.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.audit_api.http_client import Answer, Connection
from benchmarks.audit_api.prepared_home import LABELS, MODEL

Asking = Callable[[Connection], Awaitable[Answer]]
MIX = (("results", 40), ("overview", 20), ("labels", 20), ("reports", 10), ("settings", 10))
ERROR_TYPES = ("Both", "System is under-sensitive", "System is over-sensitive", "Show errors")
MEMORY_EVERY = 500


class Visitor:
    """Asks as people at the web client do, by chance; the same seed asks the same.

    Args:
        users: Who there are.
        topics: Of the corpus.
        n_comments: Of the corpus; its item ids are 0, 1, ….
        seed: Of its choices.
    """

    def __init__(self, users: list[str], topics: list[str], n_comments: int, seed: int) -> None:
        self._users, self._topics, self._n_comments = users, topics, n_comments
        self._draw = random.Random(seed)

    def ask(self, kind: str) -> Asking:
        """Return one request of a kind, about somebody."""
        return getattr(self, f"_{kind}")(self._draw.choice(self._users))

    def ask_anything(self) -> tuple[str, Asking]:
        """Return a request of the mix and its kind."""
        kinds, weights = zip(*MIX, strict=True)
        [kind] = self._draw.choices(kinds, weights)
        return kind, self.ask(kind)

    def _results(self, user: str) -> Asking:
        topic, error = self._draw.choice(self._topics), self._draw.choice(ERROR_TYPES)
        return lambda server: server.get(
            "/get_cluster_results", pers_model=MODEL, cur_user=user, cluster=topic,
            topic_df_ids="", search_type="cluster", keyword="", error_type=error, use_model="true",
        )  # fmt: skip

    def _overview(self, user: str) -> Asking:
        return lambda server: server.get(
            "/get_audit", pers_model=MODEL, cur_user=user, error_type="Both",
            topic_vis_method="null",
        )  # fmt: skip

    def _reports(self, user: str) -> Asking:
        return lambda server: server.get(
            "/get_reports", cur_user=user, model=MODEL, scaffold_method="personal",
            topic_vis_method="null",
        )  # fmt: skip

    def _settings(self, user: str) -> Asking:
        return lambda server: server.get("/audit_settings", user=user, scaffold_method="personal")

    def _labels(self, user: str) -> Asking:
        label = {
            "item_id": self._draw.randrange(self._n_comments),
            "rating": float(self._draw.randrange(5)),
        }
        path = f"/v1/users/{quote(user)}/models/{MODEL}/labels"
        return lambda server: server.post(path, {"labels": [label]})


async def one_at_a_time(
    server: Connection, visitor: Visitor, pid: int, kind: str, n: int
) -> dict[str, Any]:
    """Time requests of one kind, one after the other."""
    seconds = []
    before = processor_seconds(pid)
    for _ in range(n):
        asking = visitor.ask(kind)
        began = time.perf_counter()
        answer = await asking(server)
        seconds.append(time.perf_counter() - began)
        _expect(answer)
    taken = (processor_seconds(pid) - before) / n
    return {"seconds": seconds, "processor": taken, "bytes": len(answer.body)}


async def trainings(server: Connection, _visitor: Visitor, pid: int, n: int) -> dict[str, Any]:
    """Time trainings of new people on twenty labels each, to the answer; the first is apart."""
    draw = random.Random(5)
    seconds: list[float] = []
    processor = 0.0
    for number in range(n + 1):
        offered = (await server.get("/get_comments_to_label", n=LABELS)).json()["to_label"]
        asked = {
            "user": f"new {time.time_ns()} {number}", "model_name": MODEL, "mode": "train",
            "ratings": {text: str(draw.randrange(5)) for text in offered},
        }  # fmt: skip
        before = processor_seconds(pid)
        began = time.perf_counter()
        answer = await server.post("/get_personalized_model", asked)
        seconds.append(time.perf_counter() - began)
        processor += processor_seconds(pid) - before if number else 0.0
        _expect(answer)
        if len(answer.json()["ratings_prev"]) != len(offered):
            raise SystemExit("the answer lacks labels")
    return {"first": seconds[0], "seconds": seconds[1:], "processor": processor / n}


async def mixed(
    server: Connection, visitor: Visitor, pid: int, n: int, clients: int
) -> dict[str, Any]:
    """Send the mix from several clients at once, each waiting for its answer."""
    left = iter(range(n))
    seconds: list[tuple[str, float]] = []
    statuses: Counter[int] = Counter()
    memory: list[int] = []

    async def client() -> None:
        own = server.another()
        for number in left:
            if number % MEMORY_EVERY == 0:
                memory.append(resident_bytes(pid))
            kind, asking = visitor.ask_anything()
            began = time.perf_counter()
            answer = await asking(own)
            seconds.append((kind, time.perf_counter() - began))
            statuses[answer.status] += 1
        await own.close()

    began, before = time.perf_counter(), processor_seconds(pid)
    await asyncio.gather(*(client() for _ in range(clients)))
    wall = time.perf_counter() - began
    processor = (processor_seconds(pid) - before) / n
    memory.append(resident_bytes(pid))
    return {
        "wall": wall,
        "processor": processor,
        "seconds": seconds,
        "statuses": statuses,
        "memory": memory,
    }


def resident_bytes(pid: int, entry: str = "VmRSS") -> int:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{entry}:")[1].split()[0]) * 1024


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has taken, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _expect(answer: Answer) -> None:
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {answer.body[:500]!r}")


async def _main(url: str, token: str, pid: int, stage: str, options: dict[str, Any]) -> None:
    server = Connection(url, token)
    settings = (await server.get("/audit_settings", user="null")).json()
    topics = [option["text"] for option in settings["clusters"][0]["options"]]
    users = [row["user"] for row in (await server.get("/v1/users", limit=1000)).json()["users"]]
    users = [user for user in users if user.startswith("user ")]
    n_comments = (await server.get("/v1/corpus")).json()["n_comments"]
    visitor = Visitor(users, topics, n_comments, options.pop("seed"))
    found = await STAGES[stage](server, visitor, pid, **options)
    await server.close()
    print(json.dumps(found | {"peak": resident_bytes(pid, "VmHWM")}))


STAGES = {"one_at_a_time": one_at_a_time, "trainings": trainings, "mixed": mixed}

if __name__ == "__main__":
    asyncio.run(
        _main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], json.loads(sys.argv[5]))
    )
