"""Users' partitions: one at a time, many in a run, over a range; the same results each way."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from audit_homes import AuditHome, small_corpus

from labelaudit_dagster.definitions import build_definitions
from labelaudit_dagster.launch import Launcher, dagster_instance, run_audit, train_user
from labelaudit_dagster.personal_audit import (
    CorpusNotReadyError,
    NoLabelsError,
    read_predictions,
)
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import list_trainings, record_due_trainings
from labelaudit_dagster.user_partitions import partition_key

ASSETS = ("personal_models", "personal_predictions", "personal_audit")
LENIENT = dict.fromkeys(range(15), 0.0)
STRICT = {item: float(2 + item % 3) for item in range(10, 25)}


def test_one_user_in_a_run_of_three_steps(prepared: AuditHome):
    prepared.label("anna", LENIENT)
    with Launcher(prepared.settings) as launcher:
        launcher.warm()
        outcome = launcher.train_user("anna")
        assert outcome.succeeded
        assert (dict(outcome.versions), outcome.trained) == ({"my_model": 0}, ("my_model",))
        again = launcher.train_user("anna")
        assert (again.run, again.trained) == (None, ())
    store = prepared.store
    ref = store.current("personal_predictions", "anna")
    assert ref is not None
    found = read_predictions(store, ref, "my_model")
    assert found["item_id"].tolist() == list(range(60))
    assert found["mean"].dtype == np.float32
    assert found["mean"].between(0, 4).all()
    assert (found["quantile_10"] <= found["median"]).all()
    assert (found["median"] <= found["quantile_90"]).all()
    assert found["p_above"].between(0, 1).all()
    # Somebody whom nothing disturbs is predicted to call next to nothing toxic.
    assert found["mean"].mean() < 1.0
    audit = store.current("personal_audit", "anna")
    assert audit is not None
    topics = store.load_table(audit, "topics")
    worst = topics.iloc[0]
    assert worst["direction"] == "over-sensitive"
    upstream = store.manifest(audit).inputs
    for name in ("comment_model", "system_ratings", "comment_topics", "comments"):
        current = store.current(name)
        assert current is not None
        assert upstream[name] == current.version
    assert upstream["personal_predictions/anna"] == ref.version
    with dagster_instance(prepared.settings) as instance:
        assert instance.get_dynamic_partitions("users") == ["anna"]
        for asset in ASSETS:
            assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {"anna"}
        event = instance.get_latest_materialization_event(dg.AssetKey("personal_models"))
        assert event is not None
        assert event.asset_materialization is not None
        pictures = [
            name
            for name, value in event.asset_materialization.metadata.items()
            if str(value.value).startswith("![")
        ]
        assert sorted(pictures) == ["error of the newest model", "labels of the newest model"]


def test_many_in_one_run_give_the_same_bytes_as_one_by_one(prepared: AuditHome, tmp_path: Path):
    users = {"anna": LENIENT, "Böb/../x": STRICT, "unsure": {1: None}}
    for user, labels in users.items():
        prepared.label(user, labels)
    prepared.label("anna", STRICT, model="strict")
    with prepared.database() as database:
        record_due_trainings(database, users, now=datetime.now(UTC))
    single = prepared.copied_to(tmp_path / "single")
    with Launcher(prepared.settings) as many, Launcher(single.settings) as one:
        outcome = many.audit_users()
        assert outcome.succeeded, outcome.problems
        for user in users:
            assert one.train_user(user, pictures=False).succeeded
    for asset in ASSETS:
        assert prepared.store.partitions(asset) == sorted(map(partition_key, users))
        for user in users:
            key = partition_key(user)
            assert prepared.contents(asset, key) == single.contents(asset, key)
            refs = [home.store.current(asset, key) for home in (prepared, single)]
            manifests = [
                h.store.manifest(r) for h, r in zip((prepared, single), refs, strict=True) if r
            ]
            assert set(manifests[0].inputs) == set(manifests[1].inputs)
            assert manifests[0].code_version == manifests[1].code_version
    with dagster_instance(prepared.settings) as instance:
        for asset in ASSETS:
            found = instance.get_materialized_partitions(dg.AssetKey(asset))
            assert found == set(map(partition_key, users))


def test_any_name_of_a_model_stays_whole(prepared: AuditHome):
    prepared.label("anna", LENIENT, model="x\0")
    with Launcher(prepared.settings) as launcher:
        assert launcher.train_user("anna", "x\0", pictures=False).succeeded
    ref = prepared.store.current("personal_models", "anna")
    assert ref is not None
    for member in ("models", "labels", "versions", "curves"):
        assert set(prepared.store.load_table(ref, member)["model"]) == {"x\0"}, member


def test_a_range_of_users_is_one_run(prepared: AuditHome):
    for user, labels in {"a": LENIENT, "b": STRICT, "c": {3: 1.0}}.items():
        prepared.label(user, labels)
    with Launcher(prepared.settings) as launcher:
        assert launcher.audit_users().succeeded
    before = {key: prepared.contents("personal_audit", key) for key in "abc"}
    with dagster_instance(prepared.settings) as instance:
        job = build_definitions(prepared.settings).resolve_job_def("personal_audit_job")
        result = job.execute_in_process(
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": "a",
                "dagster/asset_partition_range_end": "c",
            },
        )
        assert result.success
        events = result.get_asset_materialization_events()
        made = sorted((e.asset_key.to_user_string(), e.partition) for e in events)
        assert made == sorted((asset, key) for asset in ASSETS for key in "abc")
    assert {key: prepared.contents("personal_audit", key) for key in "abc"} == before


def test_trainings_of_one_user_at_once_follow_each_other(prepared: AuditHome):
    prepared.label("anna", LENIENT)
    outcomes = []
    launchers = [Launcher(prepared.settings), Launcher(prepared.settings)]
    threads = [
        threading.Thread(
            target=lambda one=one: outcomes.append(one.train_user("anna", pictures=False))
        )
        for one in launchers
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for launcher in launchers:
        launcher.close()
    assert len(outcomes) == 4
    assert all(outcome.succeeded for outcome in outcomes)
    assert [outcome.run is not None for outcome in outcomes].count(True) == 1
    with prepared.database() as database:
        assert [one.version for one in list_trainings(database, "anna")] == [0]


def test_one_and_many_at_once_do_not_wait_for_each_other_for_ever(prepared: AuditHome):
    for number in range(4):
        prepared.label(f"user{number}", LENIENT)
    outcomes = []
    with Launcher(prepared.settings) as launcher:

        def one(user: str) -> None:
            outcomes.append(launcher.train_user(user, pictures=False).succeeded)

        def many() -> None:
            outcomes.append(launcher.audit_users().succeeded)

        threads = [threading.Thread(target=many, daemon=True) for _ in range(2)]
        threads += [
            threading.Thread(target=one, args=(f"user{number}",), daemon=True)
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert outcomes == [True] * 6


def test_versions_are_the_same_computed_again_or_kept(prepared: AuditHome, tmp_path: Path):
    with Launcher(prepared.settings) as launcher:
        for n in (1, 4, 9):
            prepared.label("anna", {item: float(item % 5) for item in range(n)})
            launcher.train_user("anna", pictures=False)
    kept = prepared.store.load_table(prepared.store.current("personal_models", "anna"), "versions")
    assert kept["version"].tolist() == [0, 1, 2]
    assert kept["n_labels"].tolist() == [1, 4, 9]
    assert kept["mae_of_median"].isna().tolist() == [True, False, False]
    assert kept["system_mae"].notna().all()
    fresh = prepared.copied_to(tmp_path / "fresh")
    for asset in ASSETS:
        for path in (fresh.settings.home / "artifacts" / asset).rglob("current.json"):
            path.unlink()
    assert train_user(fresh.settings, "anna").run is not None
    assert fresh.contents("personal_models", "anna") == prepared.contents("personal_models", "anna")


def test_a_new_corpus_folds_everybody_in_again(prepared: AuditHome):
    prepared.label("anna", LENIENT)
    prepared.label("ben", STRICT)
    [_, users] = run_audit(prepared.settings)
    assert users.succeeded
    before = {user: prepared.contents("personal_predictions", user) for user in ("anna", "ben")}
    prepared.load(small_corpus(75))
    with Launcher(prepared.settings) as launcher:
        # The corpus side is as it was until it is made again, and results stay whole.
        assert launcher.train_user("anna").run is None
    outcomes = run_audit(prepared.settings)
    assert all(one.succeeded for one in outcomes), outcomes
    model = prepared.store.current("comment_model")
    assert model is not None
    for user in ("anna", "ben"):
        ref = prepared.store.current("personal_audit", user)
        assert ref is not None
        assert prepared.store.manifest(ref).inputs["comment_model"] == model.version
        predictions = prepared.store.current("personal_predictions", user)
        assert predictions is not None
        assert len(read_predictions(prepared.store, predictions, "my_model")) == 75
        assert prepared.contents("personal_predictions", user) != before[user]


def test_nobody_and_nothing_are_named(prepared: AuditHome, tmp_path: Path):
    with Launcher(prepared.settings) as launcher:
        with pytest.raises(NoLabelsError, match="nobody"):
            launcher.train_user("nobody")
        assert launcher.audit_users().succeeded
        outcome = launcher.audit_users(["nobody"])
        assert not outcome.succeeded
        assert "1 of 1 users failed" in outcome.problems[0]
    with pytest.raises(CorpusNotReadyError, match="labelaudit run audit"):
        train_user(Settings(home=tmp_path / "empty"), "anna")


def test_one_who_fails_does_not_hold_up_the_others(prepared: AuditHome):
    prepared.label("anna", LENIENT)
    with Launcher(prepared.settings) as launcher:
        outcome = launcher.audit_users(["nobody", "anna"])
    assert "nobody" in outcome.problems[0]
    assert prepared.store.partitions("personal_audit") == ["anna"]
