"""An audited forum behind a server, and an AVID on loopback that misbehaves as it is told."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from platform_exchange import RecordedRequest
from platform_server import PlatformServer

from labelaudit_dagster.auditing.rating_scale import RatingScale

# With importlib mode it can be had by its path alone.
_spec = importlib.util.spec_from_file_location(
    "indielabel_fixtures", Path(__file__).parents[1] / "indielabel" / "conftest.py"
)
_forum = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _forum
_spec.loader.exec_module(_forum)

AVID_KEY = "ak-live/Ab+9<z>&'exxxxxxxxxxxx"


class AvidServer(PlatformServer):
    """AVID: well-behaved after the end of its plan; gives every new document an id."""

    def well_behaved(self, request: RecordedRequest) -> tuple[int, bytes, dict[str, str]]:
        if request.headers.get("authorization") != AVID_KEY:
            return 401, b'{"message": "Unauthorized"}', {}
        self.apply(request)
        return 200, json.dumps(f"avid-{len(self.applied)}").encode(), {}

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What arrived, every attempt."""
        return [json.loads(request.body) for request in self.requests]


@dataclass(frozen=True)
class Site:
    """A server, asked by one person or by the machine that it runs on."""

    server: Any
    user: str = "ann"
    token: str | None = None

    def ask(self, method: str, path: str, document: Any = None, **options: Any) -> Any:
        headers = options.pop("headers", {})
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        if document is not None:
            options["json"] = document
        return requests.request(
            method, self.server.url + path, headers=headers, timeout=60, **options
        )

    @property
    def home(self) -> str:
        return f"/v1/users/{self.user}"

    def get(self, path: str, **options: Any) -> Any:
        return self.ask("GET", self.home + path, **options)

    def write(self, model: str = "my_model", **fields: Any) -> Any:
        return self.ask("POST", f"{self.home}/models/{model}/reports", fields)

    def save(self, report_id: str, tag: str | None, **fields: Any) -> Any:
        headers = {} if tag is None else {"If-Match": tag}
        return self.ask("PUT", f"{self.home}/reports/{report_id}", fields, headers=headers)

    def submit(self, *report_ids: str, **fields: Any) -> Any:
        return self.ask(
            "POST", f"{self.home}/submissions", {"report_ids": list(report_ids), **fields}
        )


COMPLETE = {
    "title": "Games are not insults",
    "error_type": "System is over-sensitive",
    "text_entry": "It flags talk about games.",
    "sep_selection": "Accuracy",
    "evidence": [{"item_id": 0}, {"item_id": 3}],
}


@pytest.fixture
def complete() -> dict[str, Any]:
    """A report that can be handed on."""
    return json.loads(json.dumps(COMPLETE))


@pytest.fixture(scope="session")
def audited_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a prepared corpus, in which ann has a trained model and bob none."""
    home = tmp_path_factory.mktemp("audited") / "home"
    values = (0.0, 1.0, 2.0, 3.0, 4.0)
    frame = _forum.forum(120, 16, values)
    _forum.prepare(home, frame, RatingScale.from_values(values))
    texts = frame.drop_duplicates("item_id")["text"].tolist()
    with _forum.served(home) as server:
        ratings = {text: str(place % 2) for place, text in enumerate(texts[:16])}
        _forum.Client(server).train("ann", ratings)
    return home


@pytest.fixture(scope="module")
def avid() -> Iterator[AvidServer]:
    with AvidServer() as started:
        yield started


@pytest.fixture
def serve(audited_home: Path, tmp_path: Path) -> Callable[..., Any]:
    """Serve a copy of the home; a context manager."""

    def start(**options: Any) -> Any:
        home = tmp_path / "home"
        shutil.copytree(audited_home, home)
        return _forum.served(home, **options)

    return start


@pytest.fixture(scope="module")
def site(
    audited_home: Path, avid: AvidServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A server of its own for each module, without tokens, that hands reports to `avid`."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(audited_home, home)
    with _forum.served(
        home,
        avid_url=f"{avid.origin}/prod",
        avid_api_key=AVID_KEY,
        avid_system_name="Forum filter 3",
        http_timeout_seconds=0.4,
        http_deadline_seconds=4,
        http_attempts=2,
    ) as server:
        yield Site(server)


@pytest.fixture
def client(site: Site) -> Any:
    """IndieLabel's client at the same server."""
    return _forum.Client(site.server)


@pytest.fixture
def person(site: Site) -> Callable[..., Site]:
    """The same server, asked as somebody else."""
    return lambda user, token=None: Site(site.server, user, token)
