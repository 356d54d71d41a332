"""`new_ratings_sensor` on a real database, a real instance, and platforms that misbehave."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from platform_server import SMALL_EXPORT
from sensor_bench import START, Bench, empty_job

from labelaudit_dagster.importers import read_export
from labelaudit_dagster.resources.ratings_source import DatabaseSource
from labelaudit_dagster.sensors.ratings import new_ratings_sensor
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, add_rating, import_community


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    return Settings(home=home, ratings_min_interval_seconds=60, ratings_refresh_hours=24)


@pytest.fixture
def database(settings: Settings):
    with Database.open(settings.resolved_database_url) as database:
        import_community(
            database, read_export(orjson.dumps(SMALL_EXPORT), now=START), mode="replace", now=START
        )
        yield database


def rate(database: Database, who: str, *, helpful: bool = True) -> None:
    add_rating(database, who, "g1", helpful, now=START)


def test_an_empty_home_asks_for_nothing_and_stays_empty(make_bench, settings: Settings):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.look() is None
    assert bench.reason == "No ratings were imported yet."
    assert list(settings.home.iterdir()) == []


def test_new_ratings_are_one_run_and_then_none(make_bench, settings, database):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.run_through()
    assert bench.look() is None
    assert bench.reason == "Nothing is new."
    rate(database, "anna")
    assert bench.look() is None
    assert "at least 1 minute apart" in bench.reason
    bench.clock.step(seconds=60)
    second = bench.run_through()
    assert second
    assert len({request.run_key for request in bench.asked}) == 2


def test_a_rating_that_is_taken_back_is_a_change_again(make_bench, settings, database):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    keys = [bench.run_through()]
    for helpful in (True, False, True):
        rate(database, "anna", helpful=helpful)
        bench.clock.step(minutes=2)
        keys.append(bench.run_through())
    assert None not in keys
    assert len(set(keys)) == 4


def test_too_few_ratings_wait(make_bench, settings, database):
    few = settings.model_copy(update={"ratings_min_new": 3, "ratings_max_wait_seconds": 600.0})
    bench: Bench = make_bench(new_ratings_sensor, few)
    assert bench.run_through()
    bench.clock.step(minutes=5)
    rate(database, "a")
    rate(database, "b")
    assert bench.look() is None
    assert bench.reason.startswith("2 changed rows; a run follows at 3")
    rate(database, "c")
    assert bench.run_through()
    bench.clock.step(minutes=5)
    rate(database, "d")
    assert bench.look() is None
    bench.clock.step(minutes=10)
    assert bench.run_through()


def test_what_comes_while_a_run_works_is_the_next_run(make_bench, settings, database):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    run = bench.submit(bench.look())
    rate(database, "anna")
    bench.clock.step(minutes=2)
    assert bench.look() is None
    assert "under way for 2 minutes" in bench.reason
    bench.end(run, well=True)
    assert bench.run_through()


def test_the_snapshot_of_the_run_counts_not_the_look_before_it(make_bench, settings, database):
    """A rating between look and run is in the run, and starts no second one."""
    bench: Bench = make_bench(new_ratings_sensor, settings)
    run = bench.submit(bench.look())
    rate(database, "anna")
    snapshot = DatabaseSource(settings.resolved_database_url).snapshot()
    bench.store.write(
        "ratings_export", b"{}", run_id=run.run_id, extra={"fingerprint": snapshot.fingerprint}
    )
    bench.end(run, well=True)
    bench.clock.step(minutes=2)
    assert bench.look() is None
    assert bench.reason == "Nothing is new."


def test_a_failed_run_is_tried_again_under_a_new_key(make_bench, settings, database):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    first = bench.run_through(well=False)
    assert bench.look() is None
    assert bench.reason.startswith("The last run failed; the next try follows in")
    bench.clock.step(seconds=61)
    second = bench.run_through()
    assert second != first
    assert bench.look() is None


def test_a_run_that_nobody_knows_is_asked_for_again(make_bench, settings, database):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.look() is not None  # and the daemon dies before it makes the run
    bench.clock.step(minutes=2)
    assert bench.look() is None
    bench.clock.step(minutes=2)
    assert bench.look() is not None


@pytest.mark.parametrize("cursor", [None, "{", '{"version": 99}', '{"version": 1, "series": 7}'])
def test_a_lost_cursor_costs_one_run_under_a_key_of_its_own(make_bench, settings, database, cursor):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    first = bench.run_through()
    bench.cursor = cursor
    second = bench.run_through()
    assert second not in (None, first)
    assert bench.look() is None


def test_the_same_look_twice_is_one_run(make_bench, settings, database):
    """As when the daemon dies after it has made the run and before it has kept the cursor."""
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.run_through()
    rate(database, "anna")
    bench.clock.step(minutes=2)
    kept = bench.cursor
    assert bench.submit(bench.look()) is not None
    bench.cursor = kept
    assert bench.submit(bench.look()) is None


@pytest.mark.parametrize("hours", [48, -48, 1, -1])
def test_a_clock_that_is_set_delays_nothing(make_bench, settings, database, hours):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.run_through()
    bench.clock.step(hours=hours)
    rate(database, "anna")
    assert bench.look() or (not bench.clock.step(seconds=61) and bench.look())


def test_once_a_day_it_is_made_anew(make_bench, settings, database):
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.run_through()
    bench.clock.step(hours=23)
    assert bench.look() is None
    bench.clock.step(hours=1)
    assert bench.run_through()
    assert "as a check" in bench.asked[-1].tags["labelaudit/reason"]


def test_a_run_of_somebody_else_is_waited_for(make_bench, settings, database, instance):
    tags = {"labelaudit/group": "constitution"}
    other = instance.create_run_for_job(empty_job, tags=tags)
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.look() is None
    assert bench.reason.startswith("Somebody else's run")
    instance.report_run_canceled(other)
    assert bench.look() is not None


def test_a_damaged_database_is_told_and_ends_no_tick(make_bench, settings):
    (settings.home / "labelaudit.db").write_bytes(b"not a database" * 1_000)
    bench: Bench = make_bench(new_ratings_sensor, settings)
    assert bench.look() is None
    assert "labelaudit.db" in bench.reason


def test_without_publishing_another_job_runs(settings):
    assert new_ratings_sensor(settings).job_name == "constitution_and_publish_job"
    alone = settings.model_copy(update={"auto_publish": False})
    assert new_ratings_sensor(alone).job_name == "constitution_job"
