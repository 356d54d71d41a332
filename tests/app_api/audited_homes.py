"""A home with a constitution and with audits of two people, made once and copied for each use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
from audit_homes import AuditHome, small_corpus

from labelaudit_dagster.importers import Corpus
from labelaudit_dagster.launch import run_audit, run_group
from labelaudit_dagster.sample import community
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, import_community

USERS: Final = ("ann", "bob")
"""Both have a trained model `my_model`; ann has labels of eight comments, 0 to 7."""

MODEL: Final = "my_model"

AuditedServer = Callable[..., AbstractContextManager[Any]]


def make_audited_home(home: Path) -> Path:
    """Fill a home: the sample community with a constitution, a forum of 60 comments, two people."""
    audit = AuditHome(Settings(home=home))
    home.mkdir(parents=True)
    audit.load(with_demographics(small_corpus()))
    with Database.open(audit.settings.resolved_database_url) as database:
        import_community(database, community(), mode="refuse", now=datetime.now(UTC))
    audit.label("ann", {item: float(item % 5) for item in range(8)})
    audit.label("bob", {item: float(item % 4) for item in range(4, 12)})
    outcomes = [
        run_group(audit.settings, "constitution", skip=frozenset({"uncertainty"})),
        *run_audit(audit.settings),
    ]
    assert all(outcome.succeeded for outcome in outcomes), outcomes
    return home


def with_demographics(corpus: Corpus) -> Corpus:
    """Tell of twelve raters: six women, four men, two of whom nothing is known; and their races."""
    raters = corpus.raters.assign(
        gender=pd.Series(["Female"] * 6 + ["Male"] * 4 + [None] * 2, dtype="str"),
        race=pd.Series(["White, =Asian"] * 7 + ["White"] * 3 + ["Black"] * 2, dtype="str"),
    )
    return replace(corpus, raters=raters)


def copy_of(home: Path, target: Path) -> Path:
    """Return a copy of a home that may be changed."""
    shutil.copytree(home, target)
    return target
