"""A full disk is a clear error and leaves the previous version current."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelaudit_dagster.artifacts import ArtifactStorageError, ArtifactStore, Blob


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    command = [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run([unmount, str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    store = ArtifactStore(small_disk / "store")
    before = store.write("asset", Blob(b"x" * 100_000))
    free = shutil.disk_usage(small_disk).free
    with pytest.raises(ArtifactStorageError, match=r"No space left on device; free some space"):
        store.write("asset", Blob(b"y" * 200_000))
    with pytest.raises(ArtifactStorageError, match="No space left"):
        store.write_partitions("parts", {str(n): Blob(b"y" * 20_000) for n in range(20)})
    assert store.current("asset") == before
    assert store.versions("asset") == [before]
    assert store.load(before) == b"x" * 100_000
    assert store.partitions("parts") == []
    assert shutil.disk_usage(small_disk).free >= free - 8192  # nothing of the attempts stays
    assert store.load(store.write("asset", Blob(b"z"))) == b"z"


def test_a_limit_on_file_sizes(tmp_path: Path) -> None:
    before = ArtifactStore(tmp_path).write("asset", 1)
    script = """
        import resource, sys
        from labelaudit_dagster.artifacts import ArtifactStore, ArtifactStorageError, Blob
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            ArtifactStore(sys.argv[1]).write("asset", Blob(b"x" * 100_000))
        except ArtifactStorageError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "File too large; raise the limit on file sizes" in done.stdout
    store = ArtifactStore(tmp_path)
    assert store.current("asset") == before
    assert [path.name for path in (tmp_path / "asset").iterdir() if path.is_dir()] == [
        before.version
    ]
