"""Reading audits: what is kept, for how long, and that generations never mix."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from app_api.audit import AuditReader, BoundedCache
from app_api.problems import ProblemError
from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.launch import run_group, train_user
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, Label, add_labels


def test_a_value_is_made_once_however_many_ask():
    cache, made = BoundedCache(100), []

    def make():
        time.sleep(0.05)
        made.append(1)
        return "value"

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(cache.get("key", make, lambda _: 10)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, made) == (["value"] * 8, [1])
    assert cache.held_bytes == 10


def test_the_least_used_goes_first_and_memory_stays_within_bounds():
    cache = BoundedCache(30)
    for key in "abc":
        cache.get(key, lambda key=key: key, lambda _: 10)
    cache.get("a", lambda: "again", lambda _: 10)
    cache.get("d", lambda: "d", lambda _: 10)
    assert cache.held_bytes == 30
    assert cache.get("a", lambda: "again", lambda _: 10) == "a"
    assert cache.get("b", lambda: "made again", lambda _: 10) == "made again"
    # What is larger than everything is handed out, and drives out nothing.
    assert cache.get("huge", lambda: "huge", lambda _: 31) == "huge"
    assert (len(cache), cache.held_bytes) == (3, 30)


def test_a_failure_is_not_kept():
    cache = BoundedCache(10)
    with pytest.raises(OSError, match="gone"):
        cache.get("key", lambda: (_ for _ in ()).throw(OSError("gone")), lambda _: 1)
    assert cache.get("key", lambda: "there", lambda _: 1) == "there"


@pytest.fixture
def home(audited_home, tmp_path):
    import shutil

    shutil.copytree(audited_home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


@pytest.fixture
def reader(home):
    return AuditReader(ArtifactStore(home.resolved_artifacts_url))


def relabel(settings, user, value):
    with Database.open(settings.resolved_database_url) as database:
        labels = [Label(item, float(value)) for item in range(8)]
        add_labels(database, user, "my_model", labels, now=datetime.now(UTC))
    assert train_user(settings, user).succeeded


def test_an_empty_home_has_nothing_to_audit(tmp_path):
    reader = AuditReader(ArtifactStore(tmp_path / "artifacts"))
    with pytest.raises(ProblemError, match="labelaudit run audit") as caught:
        reader.corpus()
    assert caught.value.kind == "no-corpus"
    assert reader.user("ann") is None
    assert reader.users() == []


def test_a_view_holds_what_the_artifacts_hold(home, reader):
    store = ArtifactStore(home.resolved_artifacts_url)
    view = reader.user("ann")
    assert reader.users() == ["ann", "bob"]
    assert view.ref == store.current("personal_audit", "ann")
    assert list(view.models) == ["my_model"]
    stored = store.load_table(view.predictions_ref, "my_model")
    ids = view.corpus.model.item_ids
    for column in ("mean", "p_above", "quantile_10"):
        expected = dict(zip(ids.tolist(), stored[column].tolist(), strict=True))
        found = view.predictions("my_model", column)
        table_ids = view.corpus.table.item_ids.tolist()
        assert dict(zip(table_ids, found.tolist(), strict=True)) == {
            item: expected[item] for item in table_ids
        }
    assert view.models["my_model"].n_labels == len(view.labels("my_model"))
    assert view.versions("my_model")["version"].tolist() == [0]
    assert set(view.topics("my_model")["topic"]) <= set(view.corpus.topics.names)
    splits = store.load(view.corpus.refs["rating_splits"]).set_index("item_id")["split"]
    training = view.corpus.table.item_ids[view.corpus.training_rows()].tolist()
    assert training == [item for item in splits[splits == "train"].index if item in training]
    assert view.corpus.split_of(training[:3]) == dict.fromkeys(training[:3], "train")
    rated_by = set(view.corpus.comment_ratings()["rater_id"])
    assert rated_by
    assert rated_by <= set(view.corpus.raters()["rater_id"])
    texts = view.corpus.texts_of(training[:3])
    assert list(texts) == sorted(training[:3])
    assert view.corpus.texts_of([10**15]) == {}


def test_tables_are_shared_and_predictions_read_once(reader, monkeypatch):
    ann, bob = reader.user("ann"), reader.user("bob")
    assert ann.corpus.table is bob.corpus.table is reader.corpus().table
    first = ann.predictions("my_model")
    monkeypatch.setattr(ArtifactStore, "load_table", None)  # reading again would fail
    assert reader.user("ann").predictions("my_model") is first
    assert np.shares_memory(reader.user("ann").contract_predictions("my_model"), first)


def test_of_a_forgotten_person_nothing_stays_in_memory(home, reader):
    for user in ("ann", "bob"):
        reader.user(user).predictions("my_model")
        reader.user(user).labels("my_model")
    before, entries = reader.cache.held_bytes, len(reader.cache)
    store = ArtifactStore(home.resolved_artifacts_url)
    for asset in ("personal_audit", "personal_predictions", "personal_models"):
        store.erase(asset, "ann")
    assert reader.user("ann") is None
    assert len(reader.cache) == entries - 3
    assert reader.cache.held_bytes < before
    assert reader.user("bob") is not None


def test_a_view_stays_what_it_was_while_newer_results_come(home, reader):
    old = reader.user("ann")
    before = old.predictions("my_model").copy()
    relabel(home, "ann", 4)
    new = reader.user("ann")
    assert (old.models["my_model"].version, new.models["my_model"].version) == (0, 1)
    assert np.array_equal(old.predictions("my_model"), before)
    assert not np.array_equal(new.predictions("my_model"), before)


def test_a_view_of_before_a_refit_keeps_the_corpus_of_then(home, reader):
    old = reader.user("ann")
    assert run_group(home, "audit").succeeded
    now, still = reader.corpus(), reader.user("ann")
    # The person was not folded in again yet: all that is theirs is of the old corpus.
    assert now.version != old.corpus.version
    assert still.corpus.version == old.corpus.version
    assert len(still.predictions("my_model")) == len(still.corpus.table)
    relabel(home, "ann", 3)
    assert reader.user("ann").corpus.version == now.version
    assert reader.user("bob").corpus.version == old.corpus.version


def test_threads_get_the_same_results(home, reader):
    found = []

    def read():
        view = reader.user("ann")
        found.append(view.predictions("my_model").tobytes())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
