"""A writer killed with SIGKILL at any moment leaves the previous version current and readable."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labelaudit_dagster.artifacts import ArtifactStore

RANDOM_MOMENTS = 20

WRITE_FOR_EVER = """
    import sys
    from labelaudit_dagster.artifacts import ArtifactStore, Blob, Bundle
    store = ArtifactStore(sys.argv[1])
    n = 0
    while True:
        n += 1
        content = n.to_bytes(8, "big") * 200_000
        store.write("asset", Bundle(number=n, raw=Blob(content)), partition="x" * 300)
        print(n, flush=True)
"""

DIE_AT_STEP = """
    import os, signal, sys
    from labelaudit_dagster.artifacts import ArtifactStore
    store = ArtifactStore(sys.argv[1])
    store.current("asset")
    steps = 0
    def step(frame, event, argument):
        global steps
        if not frame.f_code.co_filename.endswith("local_storage.py"):
            return None
        if event == "line":
            steps += 1
            if steps == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
        return step
    sys.settrace(step)
    store.write("asset", {"n": 2})
    print("survived", steps)
"""


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_and_prune(root: Path) -> None:
    """Everything that counts as a version is whole, and pruning leaves nothing else."""
    late = datetime.now(UTC) + timedelta(hours=1)
    store = ArtifactStore(root, clock=lambda: late)
    store.prune(retention=3, grace=timedelta(0))
    expected = set()
    for asset in store.assets():
        for partition in [None, *store.partitions(asset)]:
            for ref in store.versions(asset, partition):
                manifest = store.verify(ref)
                expected |= {f"{ref.path}/{name}" for name in manifest.files}
                expected |= {f"{ref.path}/manifest.json", f"{ref.key}/current.json"}
                if partition and len(partition) == 300:
                    expected.add(f"{ref.key}/key.json")
    found = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    assert found == expected


@pytest.mark.slow
def test_random_moments(tmp_path: Path) -> None:
    chance = random.Random(7)
    key = "x" * 300
    interrupted = 0
    last = 0
    for _ in range(RANDOM_MOMENTS):
        writer = python(WRITE_FOR_EVER, tmp_path)
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(chance.random() * 0.03)
        writer.kill()
        output, errors = writer.communicate()
        assert writer.returncode == -signal.SIGKILL, errors
        acknowledged = int([first, *output.split()][-1])
        store = ArtifactStore(tmp_path)
        current = store.current("asset", key)
        assert current is not None
        value = store.load(current)
        # What was acknowledged is current, or the next one that was just being finished.
        assert value["number"] in (acknowledged, acknowledged + 1)
        assert value["raw"] == value["number"].to_bytes(8, "big") * 200_000
        folder = tmp_path / current.key
        torn = [p for p in folder.iterdir() if p.is_dir() and not (p / "manifest.json").exists()]
        interrupted += bool(torn) or bool(list(folder.glob("*.tmp")))
        check_and_prune(tmp_path)
        assert store.load(current)["number"] == value["number"]
        last = value["number"]
    assert last > 0
    assert interrupted >= RANDOM_MOMENTS // 4, "the kills missed the writes; nothing was tested"


@pytest.mark.slow
def test_every_step_of_a_write(tmp_path: Path) -> None:
    """Kill before each single line of the storage module, until a write gets through."""
    outcomes = []
    for step in range(1, 400):
        root = tmp_path / str(step)
        before = ArtifactStore(root).write("asset", {"n": 1})
        writer = python(DIE_AT_STEP, root, step)
        output, errors = writer.communicate()
        store = ArtifactStore(root)
        current = store.current("asset")
        assert current is not None
        outcomes.append(store.load(current)["n"])
        if output:
            break
        assert writer.returncode == -signal.SIGKILL, errors
        assert store.load(before) == {"n": 1}
        check_and_prune(root)
        assert store.load(store.write("asset", {"n": 3})) == {"n": 3}
    else:
        pytest.fail("no write got through")
    # Up to the replacement of the pointer the old version is current, from then on the new one.
    assert outcomes == sorted(outcomes)
    assert len(outcomes) > 30
    assert set(outcomes) == {1, 2}
