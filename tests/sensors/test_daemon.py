"""A real daemon and a real API on a home: nobody touches anything, and both halves follow.

Prints how long each took: `pytest -s tests/sensors/test_daemon.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from audit_homes import AuditHome

from labelaudit_dagster.sample import community
from labelaudit_dagster.store import import_community

# The benchmarks are no installed package: they are found from the repository root.
if (ROOT := str(Path(__file__).resolve().parents[2])) not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks.latency.running_home import RunningHome, running


@pytest.fixture(scope="module")
def at_work(
    _audit_home: AuditHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningHome]:
    folder = tmp_path_factory.mktemp("daemon")
    home = _audit_home.copied_to(folder / "home")
    with home.database() as database:
        import_community(database, community(), mode="replace", now=datetime.now(UTC))
    with running(
        home.settings.home,
        folder,
        LABELAUDIT_SENSOR_INTERVAL_SECONDS="5",
        LABELAUDIT_RATINGS_MIN_INTERVAL_SECONDS="0",
    ) as found:
        yield found
        daemon = found.daemon
    # Ended by SIGTERM: nothing of its process group is left.
    assert daemon.returncode == 0, (folder / "dagster.log").read_text()[-2000:]


@pytest.mark.timeout(900)
def test_a_rating_and_a_label_take_effect_by_themselves(at_work: RunningHome):
    first = at_work.seconds_until("the first constitution", lambda: at_work.published() > 0)
    guideline = at_work.get("/v1/constitution/guidelines")["guidelines"][0]["guideline_id"]
    labelled = at_work.label_to_model("zoe", {0: 0.0, 1: 2.0, 2: 4.0, 3: 1.0})
    rated = at_work.rating_to_constitution("zoe", guideline, "not_helpful")
    sys.stdout.write(
        f"\nThe first constitution after {first:.1f} s; from a rating to the published "
        f"constitution {rated:.1f} s; from a label to the personal model {labelled:.1f} s; "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    current = at_work.get("/v1/constitution")
    assert current["n_raters"] > 0
    assert at_work.get("/v1/users/zoe/models/my_model")["version"] == 0
