"""`new_labels_sensor` and `new_corpus_sensor` on a home with a corpus."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from audit_homes import AuditHome, small_corpus
from sensor_bench import Bench, Hands

from labelaudit_dagster.launch import Launcher
from labelaudit_dagster.sensors.corpus import new_corpus_sensor
from labelaudit_dagster.sensors.labels import new_labels_sensor
from labelaudit_dagster.store import Label, add_labels, forget_person, record_training
from labelaudit_dagster.user_partitions import partition_key


@pytest.fixture
def bench(make_bench, prepared: AuditHome) -> Bench:
    clock = Hands(datetime.now(UTC))
    clock.step(hours=1)
    return make_bench(new_labels_sensor, prepared.settings, clock)


def label(home: AuditHome, users: Iterable[str], *, now: datetime, item: int = 1) -> None:
    with home.database() as database:
        for user in users:
            add_labels(database, user, "my_model", [Label(item, 2.0)], now=now)


def keys_of(request) -> list[str]:
    options = request.run_config["ops"]["audit_users"]["config"]
    assert options["only_behind"] is True
    return options["keys"]


def test_nobody_has_labelled(bench: Bench):
    assert bench.look() is None
    assert bench.reason == "Everybody's results are those of their labels."


def test_everybody_with_new_labels_is_one_run(bench: Bench, prepared: AuditHome):
    names = ["anna", "bo/../b", "", "Ünï"]
    names = [name for name in names if name]
    label(prepared, names, now=bench.clock.now)
    assert bench.look() is None
    assert bench.reason == "3 people labelled within the last 30 seconds."
    bench.clock.step(seconds=30)
    request = bench.look()
    assert keys_of(request) == sorted(partition_key(name) for name in names)
    run = bench.submit(request)
    label(prepared, ["late"], now=bench.clock.now)
    bench.clock.step(minutes=1)
    assert bench.look() is None
    bench.end(run, well=True)
    assert keys_of(bench.look()) == ["late"]


def test_five_thousand_people_are_one_run(bench: Bench, prepared: AuditHome):
    from sqlalchemy import func, select

    from labelaudit_dagster.store.audit_schema import labels, models, users
    from labelaudit_dagster.store.corpus_schema import corpora

    label(prepared, ["first"], now=bench.clock.now)
    with prepared.database() as database, database.write() as connection:
        # As `add_labels` does one by one, which takes a while.
        corpus = connection.scalar(select(func.max(corpora.c.corpus_key)))
        change = connection.scalar(select(func.max(labels.c.recorded_change)))
        last = connection.scalar(select(func.max(labels.c.sequence)))
        now = bench.clock.now
        stamp = {"recorded_change": change}
        numbers = range(100, 5_100)
        connection.execute(
            users.insert(),
            [{"user_key": n, "user_id": f"u{n}", "created_at": now, **stamp} for n in numbers],
        )
        connection.execute(
            models.insert(),
            [
                {
                    "model_key": n,
                    "user_key": n,
                    "name": "my_model",
                    "kind": "base",
                    "created_at": now,
                    **stamp,
                }
                for n in numbers
            ],
        )
        connection.execute(
            labels.insert(),
            [
                {
                    "sequence": last + n,
                    "model_key": n,
                    "corpus_key": corpus,
                    "item_id": 3,
                    "rating": 1.0,
                    "labelled_at": now,
                    **stamp,
                }
                for n in numbers
            ],
        )
    bench.clock.step(minutes=1)
    request = bench.look()
    assert len(keys_of(request)) == 5_001
    assert len(bench.cursor) < 1_000
    run = bench.submit(request)
    assert run is not None
    bench.end(run, well=True)
    assert bench.look() is None


def test_who_is_trained_already_starts_no_run(bench: Bench, prepared: AuditHome):
    label(prepared, ["anna", "bo"], now=bench.clock.now)
    with Launcher(prepared.settings) as launcher:
        assert launcher.train_user("anna", pictures=False).succeeded
    bench.clock.step(minutes=1)
    assert keys_of(bench.look()) == ["bo"]


def test_a_training_that_was_asked_for_does_not_wait(bench: Bench, prepared: AuditHome):
    """As the API does where `LABELAUDIT_TRAINING` says `elsewhere`."""
    label(prepared, ["anna", "bo"], now=bench.clock.now)
    with prepared.database() as database:
        record_training(database, "anna", "my_model", now=bench.clock.now)
    assert keys_of(bench.look()) == ["anna"]


def test_after_a_refit_everybody_is_made_anew(bench: Bench, prepared: AuditHome):
    label(prepared, ["anna", "bo"], now=bench.clock.now)
    bench.clock.step(minutes=1)
    assert bench.run_through()
    model = prepared.store.current("comment_model")
    # Another version of the same model, as a refit makes one.
    prepared.store.write("comment_model", prepared.store.load(model))
    # The clock of the store is the machine's: what is in the future has not just been made.
    bench.clock.now = datetime.now(UTC)
    assert bench.look() is None, "its maker may go on with everybody"
    bench.clock.step(seconds=31)
    assert keys_of(bench.look()) == ["anna", "bo"]


def test_one_who_fails_holds_up_nobody(bench: Bench, prepared: AuditHome):
    label(prepared, ["anna", "bo"], now=bench.clock.now)
    bench.clock.step(minutes=1)
    tags = {"labelaudit/failed-users": json.dumps(["bo"])}
    assert bench.run_through(well=False, tags=tags)
    assert bench.look() is None
    label(prepared, ["cy"], now=bench.clock.now)
    bench.clock.step(seconds=40)
    assert keys_of(bench.look()) == ["cy"]
    bench.end(bench.submit(bench.asked[-1]), well=True)
    bench.clock.step(seconds=20)
    assert keys_of(bench.look()) == ["bo"]


def test_who_was_forgotten_is_not_asked_for_again(bench: Bench, prepared: AuditHome):
    label(prepared, ["anna"], now=bench.clock.now)
    bench.clock.step(minutes=1)
    assert bench.run_through(well=False, tags={"labelaudit/failed-users": '["anna"]'})
    assert bench.look() is None
    with prepared.database() as database:
        forget_person(database, "anna", now=bench.clock.now)
    bench.clock.step(minutes=2)
    assert bench.look() is None
    assert "anna" not in bench.cursor


@pytest.mark.parametrize("hours", [48, -48])
def test_a_clock_that_is_set_delays_nothing(bench: Bench, prepared: AuditHome, hours):
    label(prepared, ["anna"], now=bench.clock.now)
    bench.clock.step(hours=hours)
    assert keys_of(bench.look()) == ["anna"]


def test_a_lost_cursor_is_harmless(bench: Bench, prepared: AuditHome):
    label(prepared, ["anna"], now=bench.clock.now)
    bench.clock.step(minutes=1)
    first = bench.run_through()
    bench.cursor = "{damaged"
    request = bench.look()
    assert request.run_key != first
    assert keys_of(request) == ["anna"]


def test_without_a_corpus_side_it_waits(make_bench, tmp_path):
    from labelaudit_dagster.settings import Settings

    (tmp_path / "home").mkdir()
    home = AuditHome(Settings(home=tmp_path / "home"))
    bench = make_bench(new_labels_sensor, home.settings)
    assert bench.look() is None
    assert bench.reason == "Nobody has labelled yet."
    home.load(small_corpus())
    label(home, ["anna"], now=bench.clock.now)
    assert bench.look() is None
    assert "labelaudit run audit" in bench.reason
    assert not (home.settings.home / "artifacts").exists()


def test_the_run_passes_over_who_is_up_to_date(prepared: AuditHome):
    """What the run does with the keys that the sensor names."""
    from labelaudit_dagster.definitions import build_definitions
    from labelaudit_dagster.launch import dagster_instance

    label(prepared, ["anna", "bo"], now=datetime.now(UTC))
    with Launcher(prepared.settings) as launcher:
        launcher.train_user("anna", pictures=False)
    before = prepared.store.current("personal_audit", "anna")
    options = {"keys": ["anna", "bo", "gone"], "only_behind": True}
    with dagster_instance(prepared.settings) as instance:
        job = build_definitions(prepared.settings).resolve_job_def("audit_users_job")
        for _ in range(2):
            result = job.execute_in_process(
                instance=instance,
                run_config={"ops": {"audit_users": {"config": options}}},
                raise_on_error=False,
            )
            assert result.success
        assert set(instance.get_dynamic_partitions("users")) == {"anna", "bo"}
    assert prepared.store.current("personal_audit", "anna") == before
    assert len(prepared.store.versions("personal_audit", "bo")) == 1


# ---- the corpus --------------------------------------------------------------------------------


def test_an_imported_corpus_is_prepared_once(make_bench, prepared: AuditHome):
    bench: Bench = make_bench(new_corpus_sensor, prepared.settings)
    assert bench.look() is None
    assert bench.reason == "Nothing is new."
    prepared.load(small_corpus(seed=4))
    assert bench.look() is None
    assert "30 seconds after the last change" in bench.reason
    bench.clock.step(seconds=30)
    first = bench.run_through(well=False)
    assert first
    assert bench.look() is None
    bench.clock.step(seconds=59)
    assert bench.look() is None
    bench.clock.step(seconds=1)
    assert bench.run_through() not in (None, first)


def test_a_home_without_comments_prepares_nothing(make_bench, tmp_path):
    from labelaudit_dagster.settings import Settings

    bench: Bench = make_bench(new_corpus_sensor, Settings(home=tmp_path))
    assert bench.look() is None
    assert bench.reason == "No comments were imported yet."
