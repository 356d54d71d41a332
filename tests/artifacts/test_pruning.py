"""Pruning removes what nobody can need, and nothing else."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labelaudit_dagster.artifacts import (
    ArtifactCorruptError,
    ArtifactNotFoundError,
    ArtifactRef,
    ArtifactStore,
    ArtifactValueError,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> ArtifactStore:
    return ArtifactStore(tmp_path, clock=clock)


def history(store: ArtifactStore, clock: Clock, asset: str, versions: int) -> list[ArtifactRef]:
    refs = []
    for n in range(versions):
        refs.append(store.write(asset, {"n": n}))
        clock.now += DAY
    return refs


def test_the_newest_versions_stay(store: ArtifactStore, clock: Clock, tmp_path: Path) -> None:
    refs = history(store, clock, "asset", 6)
    clock.now += 10 * DAY
    planned = store.prune(retention=2, grace=DAY, dry_run=True)
    assert planned.dry_run
    assert store.versions("asset") == refs
    size = sum(f.stat().st_size for r in refs[:4] for f in (tmp_path / r.path).iterdir())
    done = store.prune(retention=2, grace=DAY)
    assert done.versions == planned.versions == tuple((r.key, r.version) for r in refs[:4])
    assert done.leftovers == ()
    assert done.size == planned.size == size
    assert store.versions("asset") == refs[4:]
    assert not any((tmp_path / ref.path).exists() for ref in refs[:4])
    assert store.load(refs[4]) == {"n": 4}
    with pytest.raises(ArtifactNotFoundError, match="pruned"):
        store.load(refs[0])
    assert store.prune(retention=2, grace=DAY).versions == ()


def test_what_is_young_or_was_current_a_moment_ago_stays(
    store: ArtifactStore, clock: Clock
) -> None:
    refs = history(store, clock, "asset", 5)  # days 0 to 4; it is day 5
    store.prune(retention=1, grace=2 * DAY)
    # Day 3 and 4 are young; day 2 was current until day 3.
    assert store.versions("asset") == refs[2:]


def test_what_a_current_or_pinned_version_was_made_from_stays_however_old(
    store: ArtifactStore, clock: Clock
) -> None:
    ratings = history(store, clock, "ratings", 4)
    matrix = store.write("matrix", 1, inputs=[ratings[0]])
    constitution = store.write("constitution", 1, inputs=[matrix])
    published = store.write("constitution", 2, inputs=[ratings[1]])
    store.pin(published, "published as number 1")
    clock.now += DAY
    history(store, clock, "matrix", 3)
    current = store.write("constitution", 3, inputs=[matrix])
    clock.now += 100 * DAY
    store.prune(retention=1, grace=DAY)
    assert store.versions("ratings") == [ratings[0], ratings[1], ratings[3]]
    assert matrix in store.versions("matrix")
    assert len(store.versions("matrix")) == 2
    assert store.versions("constitution") == [published, current]
    assert constitution not in store.versions("constitution")
    assert store.resolve_upstream(current, "ratings") == ratings[0]

    assert store.unpin(published, "another reason") == 0
    assert store.unpin(published) == 1
    store.prune(retention=1, grace=DAY)
    assert store.versions("constitution") == [current]
    assert store.versions("ratings") == [ratings[0], ratings[3]]


def test_pins_say_why_and_are_counted_by_reason(store: ArtifactStore, clock: Clock) -> None:
    (ref, other) = history(store, clock, "asset", 2)
    store.pin(ref, "published as number 1")
    store.pin(ref, "published as number 1")
    store.pin(ref, "published as number 3")
    assert [(pin.ref, pin.reason, pin.pinned_at) for pin in store.pins("asset")] == [
        (ref, "published as number 1", clock.now),
        (ref, "published as number 3", clock.now),
    ]
    assert store.versions("asset") == [ref, other]
    assert store.current("asset") == other
    assert store.unpin(ref, "published as number 1") == 1
    assert [pin.reason for pin in store.pins("asset")] == ["published as number 3"]


def test_leftovers_of_killed_writers_go_after_the_grace_period(
    store: ArtifactStore, clock: Clock, tmp_path: Path
) -> None:
    kept = store.write("asset", 1)
    torn_versions = []
    for asset in ("asset", "never_finished"):
        torn = store.write(asset, 2)
        torn_versions.append(torn.version)
        (tmp_path / torn.path / "manifest.json").unlink()
        (tmp_path / asset / f"current.json.{torn.version}.tmp").write_text("{")
    (tmp_path / "never_finished" / "current.json").unlink()
    (tmp_path / "empty" / torn.version).mkdir(parents=True)
    (tmp_path / "asset" / "current.json").write_text(
        (tmp_path / "asset" / "current.json").read_text().replace(torn_versions[0], kept.version)
    )
    foreign = tmp_path / "asset" / "notes.txt"
    foreign.write_text("of somebody else")
    store = ArtifactStore(tmp_path, clock=clock)
    assert store.versions("asset") == [kept]
    assert store.versions("never_finished") == []

    clock.now += DAY / 2
    assert store.prune(retention=1, grace=DAY).leftovers == ()
    clock.now += DAY
    report = store.prune(retention=1, grace=DAY)
    assert report.versions == ()
    assert len(report.leftovers) == 5
    assert sum("data.json" in path for path in report.leftovers) == 2
    assert sum(path.endswith(".tmp") for path in report.leftovers) == 2
    assert foreign.exists()
    assert not (tmp_path / "never_finished").exists()
    assert not (tmp_path / "empty").exists()
    assert sorted(path.name for path in (tmp_path / "asset").iterdir()) == sorted(
        [kept.version, "current.json", "notes.txt"]
    )


def test_a_damaged_pointer_or_manifest_stops_pruning_before_anything_goes(
    store: ArtifactStore, clock: Clock, tmp_path: Path
) -> None:
    refs = history(store, clock, "asset", 3)
    history(store, clock, "other", 2)
    clock.now += 10 * DAY
    (tmp_path / "other" / "current.json").write_text("{")
    with pytest.raises(ArtifactCorruptError, match="other"):
        store.prune(retention=1, grace=DAY)
    assert store.versions("asset") == refs


def test_pruning_without_sense_is_refused(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactValueError, match="keep at least one"):
        store.prune(retention=0, grace=DAY)
    with pytest.raises(ArtifactValueError, match="grace period of 0 or more"):
        store.prune(retention=1, grace=-DAY)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_history_everything_current_or_pinned_stays_whole(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    clock = Clock()
    store = ArtifactStore(tmp_path, clock=clock)
    names = [("a", None), ("b", None), ("b", "p"), ("c", "../x"), ("d", None)]
    written: list[ArtifactRef] = []
    pinned: list[ArtifactRef] = []
    removed: tuple[tuple[str, str], ...] = ()
    for _ in range(80):
        clock.now += DAY * chance.random()
        position = chance.randrange(len(names))
        asset, partition = names[position]
        # Made from some versions of the assets before it, often not from the newest.
        there = [ref for name in names[:position] for ref in store.versions(*name)]
        by_key = {
            r.key: r for r in chance.sample(there, min(len(there), chance.choice([0, 0, 1, 2])))
        }
        written.append(store.write(asset, 1, partition=partition, inputs=by_key.values()))
        if chance.random() < 0.1:
            pinned.append(written[-1])
            store.pin(written[-1], "because")
        if chance.random() < 0.05:
            clock.now += 3 * DAY
            removed += store.prune(retention=chance.randint(2, 3), grace=DAY).versions
    clock.now += 30 * DAY
    stay = [ref for name in names for ref in store.versions(*name)[-2:]]
    removed += store.prune(retention=2, grace=DAY).versions
    assert removed, "nothing was pruned in this history"
    todo = [*pinned, *stay, *(store.current(*name) for name in names)]
    reached: set[tuple[str, str]] = set()
    by_path = {(ref.key, ref.version): ref for ref in written}
    while todo:
        ref = todo.pop()
        if ref is not None and (ref.key, ref.version) not in reached:
            reached.add((ref.key, ref.version))
            todo.extend(by_path[item] for item in store.verify(ref).inputs.items())
    assert reached.isdisjoint(removed)
    left = {(r.key, r.version) for name in names for r in store.versions(*name)}
    assert left == reached  # nothing stays without a reason
