"""People who rate and label all the time, and what they were told."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from benchmarks.soak.small_world import COMMENTS, GUIDELINES, guideline_name, opinion

MODEL = "my_model"
_IN_DOUBT = (URLError, OSError, ValueError, TimeoutError)


@dataclass
class Ledger:
    """What was acknowledged, and what may have arrived nevertheless.

    Attributes:
        acknowledged: newest value by what it is of.
        in_doubt: later values whose fate is open.
        told: how many were acknowledged.
        refused: how many were refused, by status.
        at: when each of interest was acknowledged (monotonic seconds).
    """

    acknowledged: dict[tuple[str, str], Any] = field(default_factory=dict)
    in_doubt: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    told: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, key: tuple[str, str], value: Any) -> None:
        """Note that a value is stored; what was in doubt before is overtaken by it."""
        with self.lock:
            self.acknowledged[key] = value
            self.in_doubt.pop(key, None)
            self.told += 1

    def doubt(self, key: tuple[str, str], value: Any) -> None:
        """Note that a value may be stored."""
        with self.lock:
            self.in_doubt.setdefault(key, []).append(value)

    def refuse(self, why: str) -> None:
        """Note that a value was refused, hence not stored."""
        with self.lock:
            self.refused[why] = self.refused.get(why, 0) + 1

    def lost(self, found: Mapping[tuple[str, str], Any]) -> list[str]:
        """Return what was acknowledged and is not there, or is there with another value."""
        wrong = []
        for key, value in self.acknowledged.items():
            allowed = [value, *self.in_doubt.get(key, ())]
            if key not in found or found[key] not in allowed:
                wrong.append(f"{key}: {found.get(key)!r} instead of {value!r}")
        return wrong


def send(url: str, document: Any, method: str = "POST", timeout: float = 60) -> Any:
    """Send JSON and return the answer's."""
    body = None if document is None else json.dumps(document).encode()
    request = Request(url, body, {"Content-Type": "application/json"}, method=method)
    with urlopen(request, timeout=timeout) as answer:
        return json.loads(answer.read())


class Traffic:
    """Threads that rate and label until they are stopped.

    Args:
        url: of the server.
        seed: of what people think.
        people: how many label.
        pause: mean seconds between two ratings, and between two labels of a person.
    """

    def __init__(self, url: str, seed: int, *, people: int, pause: float) -> None:
        self.ratings, self.labels = Ledger(), Ledger()
        self.people = [f"person {n}" for n in range(people)]
        self.sequences: dict[str, list[tuple[int, float]]] = {name: [] for name in self.people}
        self._url, self._seed, self._pause = url, seed, pause
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._rate)]
        self._threads += [threading.Thread(target=self._label, args=(n,)) for n in self.people]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; what is at hand is finished."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=120)

    def _rate(self) -> None:
        draw = random.Random(f"{self._seed} ratings")
        known: list[str] = []
        while not self._stop.wait(draw.expovariate(1 / self._pause)):
            new = not known or draw.random() < 0.5
            name = f"visitor {len(known):05d}" if new else draw.choice(known)
            number = draw.randrange(GUIDELINES)
            helpful = opinion(draw, hash_of(name), number)
            key = (name, guideline_name(number))
            value = "helpful" if helpful else "not_helpful"
            document = {"participant_id": name, "guideline_id": key[1], "rating": value}
            if self._sent("POST", f"{self._url}/v1/ratings", document, self.ratings, key, value):
                if new:
                    known.append(name)
                    self.ratings.at[name] = time.monotonic()
            elif new:
                known.append(name)  # its fate is open, so the name is used up

    def _label(self, person: str) -> None:
        draw = random.Random(f"{self._seed} {person}")
        path = f"{self._url}/v1/users/{person.replace(' ', '%20')}/models/{MODEL}/labels"
        while not self._stop.wait(draw.expovariate(1 / (2 * self._pause * len(self.people)))):
            item, rating = draw.randrange(COMMENTS), float(draw.randrange(5))
            key = (person, str(item))
            answer = self._sent(
                "PUT", f"{path}/{item}", {"rating": rating}, self.labels, key, rating
            )
            if answer is not None:
                self.sequences[person].append((int(answer["sequence"]), time.monotonic()))

    def _sent(
        self, method: str, url: str, document: Any, ledger: Ledger, key: tuple[str, str], value: Any
    ) -> Any:
        try:
            answer = send(url, document, method)
        except HTTPError as error:
            if error.code >= 500 and error.code not in (503, 507):
                ledger.doubt(key, value)
            ledger.refuse(str(error.code))
            return None
        except _IN_DOUBT:
            ledger.doubt(key, value)
            ledger.refuse("no answer")
            return None
        ledger.acknowledge(key, value)
        return answer


def hash_of(name: str) -> int:
    """Return a number of a name, the same in every process."""
    return sum(name.encode())
