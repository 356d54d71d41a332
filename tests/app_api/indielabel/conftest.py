"""A small forum that was imported, prepared and is served; people who label it."""

from __future__ import annotations

import importlib.util
import io
import json
import random
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pandas as pd
import pytest
import requests

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers import RatingColumns, read_ratings
from labelaudit_dagster.launch import run_group
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, import_corpus

# With importlib mode it can be had by its path alone.
_spec = importlib.util.spec_from_file_location(
    "api_fixtures", Path(__file__).parents[1] / "conftest.py"
)
_api = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _api  # where its dataclasses look for their names
_spec.loader.exec_module(_api)
served, NOW = _api.served, _api.NOW

THEMES = {
    "games": ["squad", "boss", "level", "raid", "loot", "arena"],
    "garden": ["roses", "soil", "hedge", "compost", "tulips", "mulch"],
    "trains": ["platform", "ticket", "delay", "carriage", "signal", "track"],
}
RUDE = ["fine", "silly", "stupid", "idiotic", "vile"]
"""A word for each level of the scale 0 to 4."""

DEMOGRAPHICS = (
    "gender", "political_affilation", "religion_important", "race", "lgbtq_status",
)  # fmt: skip
TWIN = "games are fine, twice over"
"""The text of two comments, 40 and 41."""


def forum(n_comments: int, n_raters: int, values: tuple[float, ...]) -> pd.DataFrame:
    """Return a row for each rating; the system is too strict about games."""
    draw = random.Random(7)
    people = [
        {
            "rater_id": f"r{number:02d}",
            "gender": ["Female", "Male"][number % 2],
            "political_affilation": ["Liberal", "Conservative", "Independent"][number % 3],
            "religion_important": "Very important" if number % 4 else "Not important",
            "race": ["White", "White, Asian", "Black or African American"][number % 3],
            "lgbtq_status": ["Heterosexual", "Bisexual", "Homosexual"][number % 3],
        }
        for number in range(n_raters)
    ]
    low, step = values[0], values[1] - values[0]
    rows = []
    for item in range(n_comments):
        theme = list(THEMES)[item % 3]
        level = draw.choice([0, 0, 1, 1, 2, 3, 4]) * (len(values) - 1) // 4
        words = " ".join([*draw.sample(THEMES[theme], 3), RUDE[level % 5]])
        text = TWIN if item in (40, 41) else f"{theme} {words} n{item}"
        top = len(values) - 1
        score = min(top, level + (0.5 * top if theme == "games" else 0.0))
        for number in sorted(draw.sample(range(n_raters), 6)):
            value = min(top, max(0, round(level + draw.gauss(0, 0.6))))
            rows.append(
                {
                    "item_id": item,
                    "text": text,
                    "rating": low + step * value,
                    "score": low + step * score,
                    "is_profane_frac": 0.4 if level >= top / 2 else 0.1,
                    "is_insult_frac": 0.5 if level == top else 0.0,
                    **people[number],
                }
            )
    return pd.DataFrame(rows)


def prepare(home: Path, frame: pd.DataFrame, scale: RatingScale) -> Settings:
    """Import a forum and make its corpus side."""
    settings = Settings(home=home)
    corpus = read_ratings(
        io.BytesIO(frame.to_csv(index=False).encode()),
        columns=RatingColumns(
            rater="rater_id",
            item="item_id",
            rating="rating",
            text="text",
            demographics={name: name for name in DEMOGRAPHICS},
            categories={name: name for name in ("is_profane_frac", "is_insult_frac")},
            system_score="score",
        ),
        scale=scale,
        now=NOW,
        name="forum",
    )
    home.mkdir(parents=True)
    with Database.open(settings.resolved_database_url) as database:
        import_corpus(database, corpus, mode="replace", now=NOW)
    outcome = run_group(settings, "audit")
    assert outcome.succeeded, outcome.problems
    return settings


@dataclass(frozen=True)
class Client:
    """IndieLabel's client: everything by GET, answers parsed whatever their status."""

    server: Any

    def get(self, route: str, **parameters: Any) -> requests.Response:
        return requests.get(f"{self.server.url}/{route}?{urlencode(parameters)}", timeout=60)

    def ask(self, route: str, **parameters: Any) -> Any:
        answer = self.get(route, **parameters)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_constant=_no_constant)

    def train(self, user: str, ratings: dict[str, Any], model: str = "my_model") -> Any:
        return self.ask(
            "get_personalized_model",
            model_name=model,
            ratings=json.dumps(ratings),
            mode="train",
            user=user,
        )

    def comments(self, n: int = 20) -> list[str]:
        return self.ask("get_comments_to_label", n=n)["to_label"]


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} in JSON")


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a prepared corpus of 240 comments, and nobody who has labelled."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    values = (0.0, 1.0, 2.0, 3.0, 4.0)
    prepare(home, forum(240, 24, values), RatingScale.from_values(values))
    return home


@pytest.fixture(scope="module")
def client(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The client at a server of its own for each module, without tokens."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(prepared_home, home)
    with served(home) as server:
        yield Client(server)


@pytest.fixture(scope="session")
def start_prepared(prepared_home: Path) -> Callable[..., Any]:
    """Serve a copy of the prepared home at a path; a context manager that gives the server."""

    @contextmanager
    def start(home: Path, **options: Any) -> Iterator[Any]:
        shutil.copytree(prepared_home, home)
        with served(home, **options) as server:
            yield SimpleNamespace(**vars(server), get=server.get, post=server.post)

    return start


@pytest.fixture(scope="session")
def start_forum() -> Callable[..., Any]:
    """Prepare another forum and serve it; a context manager that gives the client."""

    @contextmanager
    def start(
        home: Path, *, n_comments: int, values: tuple[float, ...], threshold: float
    ) -> Iterator[Client]:
        scale = RatingScale.from_values(values, threshold=threshold)
        prepare(home, forum(n_comments, 16, values), scale)
        with served(home) as server:
            yield Client(server)

    return start


@pytest.fixture(scope="session")
def start_empty() -> Callable[..., Any]:
    """Serve an empty home at a path; a context manager that gives the server."""
    return served


@pytest.fixture(scope="session")
def now() -> datetime:
    """The time of every server here."""
    return NOW


@pytest.fixture
def unlike() -> pd.DataFrame:
    """What was imported, one row a comment."""
    frame = forum(240, 24, (0.0, 1.0, 2.0, 3.0, 4.0))
    return frame.drop_duplicates("item_id").set_index("item_id")


@pytest.fixture
def raw_get() -> Callable[..., bytes]:
    """Send a request line in pieces, and return the whole answer."""

    def send(url: str, target: str, piece: int) -> bytes:
        place = urlsplit(url)
        head = (
            f"GET {target} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start in range(0, len(head), piece):
                connection.sendall(head[start : start + piece])
            received = bytearray()
            while part := connection.recv(65536):
                received += part
        return bytes(received)

    return send
