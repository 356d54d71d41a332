"""The API knows the store by its public names alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "app_api"
STORE = "labelaudit_dagster.store"


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


MODULES = sorted(PACKAGE.rglob("*.py"))


def test_there_are_modules_that_use_the_store():
    assert sum(STORE in imported(path) for path in MODULES) >= 5


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_tables_and_no_queries(path):
    from labelaudit_dagster import store

    names = {name for name in imported(path) if name.startswith(f"{STORE}.")}
    assert {name.removeprefix(f"{STORE}.") for name in names} <= set(store.__all__)
    assert not {name for name in imported(path) if name.split(".")[0] == "sqlalchemy"}
