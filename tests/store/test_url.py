from __future__ import annotations

from pathlib import Path

import pytest

from labelaudit_dagster.store import Database, StoreError, sqlite_url
from labelaudit_dagster.store.url import parse_url, shown_url


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_postgresql_goes_through_psycopg2(scheme: str) -> None:
    assert parse_url(f"{scheme}://me:pw@host:5/db").drivername == "postgresql+psycopg2"


def test_messages_show_no_password() -> None:
    shown = shown_url(parse_url("postgresql://me:hidden-1@host/db?password=hidden-2&sslmode=off"))
    assert "hidden" not in shown
    assert "host" in shown
    assert "sslmode" in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hidden-1",
        "mysql://me:hidden-1@host/db",
        "postgresql+asyncpg://me:hidden-1@host/db",
        "postgresql://me:hidden-1@host:port/db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:hidden-1?mode=memory&uri=true",
    ],
)
def test_other_urls_are_refused_without_showing_them(text: str) -> None:
    with pytest.raises(StoreError) as caught:
        Database.open(text)
    assert "hidden-1" not in str(caught.value)
    assert "sqlite:///" in str(caught.value)


@pytest.mark.parametrize("name", ["a b", "what?x=1", "50%25", "a#b", "ünï"])
def test_files_with_odd_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "labelaudit.db"
    with Database.open(sqlite_url(path)):
        assert path.is_file()
    with Database.open(sqlite_url(path), read_only=True) as database:
        assert database.read_only
