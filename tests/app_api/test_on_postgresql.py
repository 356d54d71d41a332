"""The whole way of an auditor over HTTP where everything that is a database is in PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from audit_homes import AuditHome, small_corpus
from sqlalchemy import create_engine, text

from labelaudit_dagster.backup import BackupError, make_backup, restore_backup
from labelaudit_dagster.home import prepare_home
from labelaudit_dagster.home_status import home_status
from labelaudit_dagster.launch import run_audit
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import StoreError, create_invitation

pytestmark = pytest.mark.postgres

STORAGE = """\
telemetry:
  enabled: false
storage:
  postgres:
    postgres_url:
      env: LABELAUDIT_TEST_DAGSTER_URL
"""


def new_database(server: str) -> str:
    """Create a database and return its URL."""
    name = f"whole_{uuid.uuid4().hex}"
    engine = create_engine(
        server.replace("postgresql:", "postgresql+psycopg2:") + "/postgres",
        isolation_level="AUTOCOMMIT",
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    finally:
        engine.dispose()
    return f"{server}/{name}"


@pytest.fixture(scope="module")
def home(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuditHome]:
    """A home with a prepared corpus; its database and Dagster's storage are in PostgreSQL."""
    dagster = new_database(postgresql_server).replace("postgresql:", "postgresql+psycopg2:")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELAUDIT_TEST_DAGSTER_URL", dagster)
        folder = tmp_path_factory.mktemp("postgresql")
        settings = Settings(home=folder / "home", database_url=new_database(postgresql_server))
        prepare_home(settings)
        (settings.dagster_home / "dagster.yaml").write_text(STORAGE)
        made = AuditHome(settings)
        made.load(small_corpus())
        outcomes = run_audit(settings)
        assert all(outcome.succeeded for outcome in outcomes), outcomes
        yield made


def signed_in(running: Any) -> requests.Session:
    """Redeem an invitation; return a session that sends the token against forged requests."""
    now = running.app.state.services.now()
    _, link = create_invitation(running.database, "auditor", "ann", now + timedelta(days=1), now)
    browser = requests.Session()
    answer = browser.post(f"{running.url}/v1/session", json={"invitation": link}, timeout=60)
    assert answer.status_code == 201, answer.text
    browser.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return browser


@pytest.mark.slow
def test_from_an_invitation_to_a_report(home: AuditHome, serve_settings) -> None:
    with serve_settings(home.settings) as running:
        browser = signed_in(running)
        mine = f"{running.url}/v1/users/ann"

        def ask(method: str, path: str, document: Any = None, status: int = 200) -> Any:
            answer = browser.request(method, mine + path, json=document, timeout=120)
            assert answer.status_code == status, answer.text
            return answer.json()

        labels = [{"item_id": item, "rating": float(item % 5)} for item in range(12)]
        receipt = ask("POST", "/models/my_model/labels", {"labels": labels})
        assert receipt["stored"] == 12
        assert ask("POST", "/models/my_model/trainings", status=201)["version"] == 0
        audit = ask("GET", "/models/my_model/audit")
        assert audit
        assert len(ask("GET", "/models/my_model/labels")["labels"]) == 12
        report = ask(
            "POST",
            "/models/my_model/reports",
            {"title": "Games", "text_entry": "It flags games.", "evidence": [{"item_id": 3}]},
            201,
        )
        found = ask("GET", f"/reports/{report['report_id']}")
        assert found["report"]["title"] == "Games"
        # Others' data stay theirs, and the session ends.
        other = browser.get(f"{running.url}/v1/users/bob/models/my_model/labels", timeout=60)
        assert other.status_code == 403
        assert browser.delete(f"{running.url}/v1/session", timeout=60).status_code == 204
        assert browser.get(f"{mine}/reports", timeout=60).status_code == 401
    # Dagster knows of the runs, in its own database.
    engine = create_engine(_dagster_url())
    with engine.connect() as connection:
        jobs = set(connection.execute(text("SELECT pipeline_name FROM runs")).scalars())
    engine.dispose()
    assert {"audit_job", "audit_users_job"} <= jobs
    assert not (home.settings.dagster_home / "history").exists()


@pytest.mark.slow
def test_a_backup_and_its_restoration(
    home: AuditHome, postgresql_server: str, tmp_path: Path
) -> None:
    file = tmp_path / "copy.tar"
    home.label("carla", {1: 1.0, 2: 3.0})
    report = make_backup(home.settings, file)
    assert report.parts == ("dagster", "database", "artifacts")
    elsewhere = Settings(home=tmp_path / "restored", database_url=new_database(postgresql_server))
    # Neither into a file nor over another database.
    with pytest.raises(StoreError, match="empty one"):
        restore_backup(Settings(home=tmp_path / "restored"), file)
    with pytest.raises(StoreError, match="not empty"):
        restore_backup(
            Settings(home=tmp_path / "restored", database_url=home.settings.database_url), file
        )
    assert not (tmp_path / "restored").exists()
    restore_backup(elsewhere, file)
    restored = AuditHome(elsewhere)
    with restored.database() as database, home.database() as before:
        now = report.moment
        found = home_status(elsewhere, restored.store, database, now=now)
        original = home_status(home.settings, home.store, before, now=now)
    for part in ("tables", "audit", "waiting", "assets"):
        assert found[part] == original[part], part
    with pytest.raises(BackupError, match="stays as it is"):
        restore_backup(elsewhere, file)


def _dagster_url() -> str:
    return os.environ["LABELAUDIT_TEST_DAGSTER_URL"]
