"""The program itself: versions, settings, solver, pictures, time zone."""

from __future__ import annotations

import os
import platform
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from zoneinfo import ZoneInfo

from labelaudit_dagster.diagnosis.finding import Finding
from labelaudit_dagster.settings import unknown_variables

PACKAGES = ("labelaudit", "dagster", "jax", "jaxlib", "pandas", "numpy", "pyarrow", "sqlalchemy")


def check_versions() -> Finding:
    """Python and the packages that decide results."""
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


def check_settings() -> Finding:
    """Names in the environment that look like settings and are none."""
    unknown = unknown_variables()
    if not unknown:
        return Finding("settings", True, "every LABELAUDIT_ variable is a known setting")
    return Finding(
        "settings",
        False,
        f"not a setting: {', '.join(unknown)}",
        "Correct or unset it; docs/settings.md lists all settings.",
    )


def check_time_zone(now: datetime) -> Finding:
    """What the machine takes for local time; a zone of a wrong name silently counts as UTC."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and "/" in named and not named.startswith("/"):
        try:
            ZoneInfo(named)
        except (KeyError, ValueError, OSError):
            return Finding(
                "time zone",
                False,
                f"TZ={named} is no time zone that this machine knows",
                "Correct TZ, or install the time zones (Debian: apt-get install tzdata).",
            )
    local = now.astimezone()
    return Finding(
        "time zone",
        True,
        f"local time is {local:%Y-%m-%d %H:%M} {local.tzname()}; what is stored and shown is UTC",
    )


def check_solver() -> Finding:
    """A small factorization, through the compiler."""
    import numpy as np

    from labelaudit_dagster.factorization import RatingTriples, factorize

    row, col = np.divmod(np.arange(12), 4)
    solution = factorize(RatingTriples.from_arrays(row, col, (row != col).astype(float)))
    return Finding("solver", solution.converged, solution.message)


def check_pictures() -> Finding:
    """A small chart, through the renderer."""
    from labelaudit_dagster.constitution.charts import rater_factor_histogram, to_png

    size = len(to_png(rater_factor_histogram([-1.0, 0.5, 1.0])))
    return Finding("pictures", size > 1000, f"a chart rendered to {size:,} bytes")
