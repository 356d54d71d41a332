"""A community with two constitutions, the first published and with its uncertainty; served."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from labelaudit_dagster.importers import read_export, write_export
from labelaudit_dagster.launch import run_group
from labelaudit_dagster.sample import community
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, import_community

# With importlib mode it can be had by its path alone.
_spec = importlib.util.spec_from_file_location(
    "api_fixtures", Path(__file__).parents[1] / "conftest.py"
)
_api = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _api  # where its dataclasses look for their names
_spec.loader.exec_module(_api)
served, NOW = _api.served, _api.NOW

FORMULA = "=cmd|' /C calc'!A0"
AWKWARD = 'g/1 ü, "quoted"'
"""Id of a guideline with a slash in it, whose text is a formula; everybody finds it helpful."""
NEW = "late"
"""Id of a guideline that came after both constitutions."""


@dataclass(frozen=True)
class Community:
    """A served community.

    Attributes:
        server: Where it is served.
        first: The older version of the constitution.
        second: The current one.
        tokens: A token for each role; participants and auditors are `subject`.
        subject: A participant who has rated before the first constitution.
    """

    server: Any
    first: str
    second: str
    tokens: dict[str, str]
    subject: str

    def get(self, path: str, role: str | None = "participant", **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return self.server.get(path, headers=headers, **options)

    def ask(self, path: str, role: str | None = "participant", **options: Any) -> Any:
        answer = self.get(path, role, **options)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_constant=_no_constant)

    def rate(self, document: dict[str, Any], role: str = "participant") -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return self.server.post("/v1/ratings", document, headers=headers)


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} in JSON")


def _export() -> dict[str, Any]:
    buffer = BytesIO()
    write_export(community(n_raters=150), buffer)
    export = json.loads(buffer.getvalue())
    ids = [user["id"] for user in export["users"]]
    for number, user in enumerate(export["users"]):
        given = user.setdefault("demographics", {})
        given["Sex"] = "=Male" if number % 2 else "Female"
        if number < 3:
            given["Sex"] = "Rare"
    export["guidelines"].append(
        {"id": AWKWARD, "value": FORMULA, "topicId": "no such topic", "embeddings": [],
         "intercept": None}
    )  # fmt: skip
    export["ratings"] += [
        {"authorId": author, "guidelineId": AWKWARD, "rating": "helpful"} for author in ids[:80]
    ]
    return export


def _fill(settings: Settings, export: dict[str, Any]) -> None:
    with Database.open(settings.resolved_database_url) as database:
        parsed = read_export(json.dumps(export).encode(), now=NOW, name="sample")
        import_community(database, parsed, mode="replace", now=NOW)


def _compute(settings: Settings, **options: Any) -> None:
    outcome = run_group(settings, "constitution", **options)
    assert outcome.succeeded, outcome.problems


@pytest.fixture(scope="session")
def settled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both constitutions; copy it before you change it."""
    home = tmp_path_factory.mktemp("settled") / "home"
    home.mkdir()
    settings = Settings(home=home, bootstrap_replicates=20, leave_one_out_limit=0)
    export = _export()
    _fill(settings, export)
    _compute(settings)
    published = run_group(settings, "constitution", job="publish_job")
    assert published.succeeded, published.problems
    # Half of those who found the awkward one helpful change their minds.
    changed = [row for row in export["ratings"] if row["guidelineId"] == AWKWARD][::2]
    for row in changed:
        row["rating"] = "not_helpful"
    _fill(settings, export)
    _compute(settings, skip=frozenset({"uncertainty"}))
    export["guidelines"].append(
        {"id": NEW, "value": "Came late.", "embeddings": [], "intercept": None}
    )
    _fill(settings, export)
    return home


def _serve(home: Path) -> Iterator[Community]:
    with served(home, rate_limit_per_minute=0) as server:
        rows = server.get("/v1/constitutions").json()["versions"]
        ratings = server.export().json()["ratings"]
        subject = next(row["authorId"] for row in ratings if row["guidelineId"] == AWKWARD)
        tokens = {}
        for role in ("operator", "analyst", "pipeline", "participant", "auditor"):
            personal = role in ("participant", "auditor")
            _, tokens[role] = _api.create_token(
                server.database, role, now=NOW, subject=subject if personal else None
            )
        yield Community(server, rows[1]["version"], rows[0]["version"], tokens, subject)


@pytest.fixture(scope="module")
def settled(settled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Community]:
    """For tests that leave it as it was."""
    home = tmp_path_factory.mktemp("copied") / "home"
    shutil.copytree(settled_home, home)
    yield from _serve(home)


@pytest.fixture
def own(settled_home: Path, tmp_path: Path) -> Iterator[Community]:
    """For tests that change it."""
    shutil.copytree(settled_home, tmp_path / "home")
    yield from _serve(tmp_path / "home")
