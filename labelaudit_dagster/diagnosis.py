"""Checks of an installation, each with what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.home import is_writable
from labelaudit_dagster.settings import Settings, unknown_variables

PACKAGES = ("labelaudit", "dagster", "jax", "jaxlib", "pandas", "numpy", "pyarrow", "sqlalchemy")
SMALLEST_FREE_BYTES = 1024**3


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        what: what was checked.
        ok: whether it will do.
        finding: what was found.
        advice: what to do; empty where nothing is.
    """

    what: str
    ok: bool
    finding: str
    advice: str = ""


def diagnose(settings: Settings) -> list[Finding]:
    """Run all checks; none of them writes to the home or raises."""
    return [
        _versions(),
        _misspelt(),
        _home(settings),
        _space(settings),
        _guarded("artifacts", lambda: _artifacts(settings)),
        _guarded("database", lambda: _database(settings)),
        _guarded("solver", _solver),
        _guarded("pictures", _pictures),
    ]


def _guarded(what: str, check: Callable[[], Finding]) -> Finding:
    """Run a check; a doctor names every illness, known or not."""
    try:
        return check()
    except ExpectedFailure as failure:
        return Finding(what, False, str(failure))
    except Exception as error:
        return Finding(
            what, False, f"{type(error).__name__}: {error}", "Install the locked packages anew."
        )


def _versions() -> Finding:
    found = [f"Python {platform.python_version()}"]
    missing = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    ok = sys.version_info >= (3, 11) and not missing
    advice = "" if ok else f"Missing: {', '.join(missing)}. Install the locked packages anew."
    return Finding("versions", ok, ", ".join(found), advice)


def _misspelt() -> Finding:
    unknown = unknown_variables()
    if not unknown:
        return Finding("settings", True, "every LABELAUDIT_ variable is a known setting")
    return Finding(
        "settings",
        False,
        f"not a setting: {', '.join(unknown)}",
        "Correct or unset it; docs/settings.md lists all settings.",
    )


def _home(settings: Settings) -> Finding:
    home = settings.home
    if not home.exists():
        return Finding("home", True, f"{home} does not exist yet; the first import makes it")
    if is_writable(home):
        return Finding("home", True, f"{home} can be written")
    return Finding(
        "home",
        False,
        f"{home} cannot be written",
        "Reading works; mend its permissions before importing or running.",
    )


def _space(settings: Settings) -> Finding:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    ok = free >= SMALLEST_FREE_BYTES
    return Finding(
        "free space",
        ok,
        f"{free / 1024**3:.1f} GiB",
        "" if ok else "Free at least 1 GiB; a run that finds no space keeps what is current.",
    )


def _artifacts(settings: Settings) -> Finding:
    from labelaudit_dagster.artifacts import ArtifactStore

    store = ArtifactStore(settings.resolved_artifacts_url)
    current = store.current("constitution")
    if current is None:
        return Finding("artifacts", True, "no constitution yet")
    store.verify(current)
    return Finding("artifacts", True, f"constitution {current.version} is whole")


def _database(settings: Settings) -> Finding:
    from labelaudit_dagster.store import Database, DatabaseMissingError

    try:
        with Database.open(settings.resolved_database_url, read_only=True) as database:
            return Finding("database", True, f"{database.shown_url} can be read")
    except DatabaseMissingError:
        return Finding("database", True, "none yet; the first import makes it")


def _solver() -> Finding:
    import numpy as np

    from labelaudit_dagster.factorization import RatingTriples, factorize

    row, col = np.divmod(np.arange(12), 4)
    solution = factorize(RatingTriples.from_arrays(row, col, (row != col).astype(float)))
    return Finding("solver", solution.converged, solution.message)


def _pictures() -> Finding:
    from labelaudit_dagster.constitution.charts import rater_factor_histogram, to_png

    size = len(to_png(rater_factor_histogram([-1.0, 0.5, 1.0])))
    return Finding("pictures", size > 1000, f"a chart rendered to {size:,} bytes")
