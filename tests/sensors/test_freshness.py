"""The checks `up_to_date` and the policy: what waits, for how long, and when that is too long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import orjson
import pytest
from audit_homes import AuditHome
from platform_server import SMALL_EXPORT
from sensor_bench import START

from labelaudit_dagster.definitions import build_definitions
from labelaudit_dagster.importers import read_export
from labelaudit_dagster.sensors.freshness import freshness_sensor
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import (
    Label,
    add_labels,
    add_rating,
    import_community,
    record_training,
)


@pytest.fixture
def home(prepared: AuditHome) -> AuditHome:
    with prepared.database() as database:
        community = read_export(orjson.dumps(SMALL_EXPORT), now=START)
        import_community(database, community, mode="replace", now=START)
    return prepared


def evaluated(bench) -> dict[str, bool]:
    bench.look()
    return {
        event.asset_key.to_user_string(): bool(event.passed) for event in bench.last.asset_events
    }


def test_what_waits_is_late_after_an_hour(make_bench, home: AuditHome):
    bench = make_bench(freshness_sensor, home.settings)
    assert evaluated(bench) == {"constitution": True, "personal_audit": True}
    bench.clock.step(minutes=61)
    assert evaluated(bench) == {"constitution": False, "personal_audit": True}
    assert bench.reason == "Late: constitution."
    # A constitution that holds all of it.
    with home.database() as database:
        from labelaudit_dagster.store import fingerprint

        extra = {"database_change": fingerprint(database).sequence}
        export = home.store.write("ratings_export", b"{}", extra=extra)
        home.store.write("constitution", {}, inputs=[export])
        assert evaluated(bench) == {"constitution": True, "personal_audit": True}
        add_rating(database, "new", "g1", True, now=bench.clock.now)
        add_labels(database, "zoe", "my_model", [Label(1, 2.0)], now=bench.clock.now)
        bench.clock.step(minutes=59)
        assert evaluated(bench) == {"constitution": True, "personal_audit": True}
        bench.clock.step(minutes=2)
        assert evaluated(bench) == {"constitution": False, "personal_audit": False}
        record_training(database, "zoe", "my_model", now=bench.clock.now)
        assert evaluated(bench)["personal_audit"]
        # There and back again: the labels are those of the training.
        for rating in (3.0, 2.0):
            add_labels(database, "zoe", "my_model", [Label(1, rating)], now=bench.clock.now)
        bench.clock.step(hours=2)
        assert evaluated(bench)["personal_audit"]


def test_a_clock_that_was_set_back_is_no_delay(make_bench, home: AuditHome):
    bench = make_bench(freshness_sensor, home.settings)
    bench.clock.step(hours=-48)
    assert evaluated(bench) == {"constitution": True, "personal_audit": True}


def test_an_empty_home_has_nothing_to_say(make_bench, tmp_path: Path):
    bench = make_bench(freshness_sensor, Settings(home=tmp_path))
    bench.look()
    assert bench.reason == "Nothing was imported yet."


def test_the_checks_can_be_run_in_the_ui(home: AuditHome):
    definitions = build_definitions(home.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        checks = [
            check
            for check in definitions.asset_checks or ()
            if isinstance(check, dg.AssetChecksDefinition)
        ]
        result = dg.materialize(
            checks,
            instance=instance,
            selection=dg.AssetSelection.all_asset_checks(),
            resources={
                name: definitions.resources[name] for name in ("settings", "artifact_store")
            },
        )
    passed = {
        one.asset_key.to_user_string(): one.passed for one in result.get_asset_check_evaluations()
    }
    # The sample was imported long ago, and no constitution was made.
    assert passed == {"constitution": False, "personal_audit": True}


def test_no_run_of_a_job_spends_a_step_on_them(tmp_path: Path):
    definitions = build_definitions(Settings(home=tmp_path))
    for name in ("constitution_job", "constitution_and_publish_job", "personal_audit_job"):
        steps = definitions.resolve_job_def(name).all_node_defs
        assert not [step.name for step in steps if "up_to_date" in step.name]


def test_the_policy_follows_the_refresh(tmp_path: Path):
    def policies(hours: float) -> dict[str, object]:
        settings = Settings(home=tmp_path, ratings_refresh_hours=hours)
        specs = build_definitions(settings).resolve_all_asset_specs()
        return {s.key.to_user_string(): s.freshness_policy for s in specs if s.freshness_policy}

    assert policies(0) == {}
    found = policies(24)
    assert set(found) == {"constitution", "ratings_export"}
    policy = found["constitution"]
    assert policy == dg.FreshnessPolicy.time_window(
        fail_window=timedelta(hours=72), warn_window=timedelta(hours=48)
    )
