"""A full disk and a read-only home: clear words, nothing lost, and it goes on afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forked_commands import Home
from platform_server import PlatformServer

KEY = "sk-live-0123456789abcdef"

pytestmark = pytest.mark.slow
Mount = Callable[..., Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Mount]:
    """A small file system of its own; called again with options, it is mounted anew."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")

    def mount(*options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small file system is not allowed here")
        return folder

    try:
        yield mount
    finally:
        subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def home_on(disk: Path, made: Home, platform: PlatformServer) -> Home:
    home = made.copied_to(disk / "home")
    (disk / "output").mkdir()
    return home.on(platform_url=platform.url, platform_api_key=KEY)


@pytest.mark.parametrize("free", [0, 120_000])
def test_a_full_disk(
    disk: Mount, made_home: Home, platform: PlatformServer, free: int, tmp_path: Path
) -> None:
    folder = disk("size=64m")
    home = home_on(folder, made_home, platform)
    (folder / "output").rmdir()
    (folder / "output").symlink_to(tmp_path)  # what commands say needs room elsewhere
    filler = folder / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(folder).free - free))
    answer = home.run("publish")
    filler.unlink()
    message = answer.failed().replace(str(tmp_path), "")
    assert "disk is full" in message or "No space left" in message, message
    assert platform.applied == []
    home.run("publish").succeeded()
    assert len(platform.applied) == 1
    assert len({request.headers["idempotency-key"] for request in platform.requests}) == 1
    assert [publication.state for publication in home.publications()] == ["sent"]


@pytest.mark.parametrize(
    ("part", "setting", "words"),
    [
        ("labelaudit.db", "database_url", ("disk is full", "nothing was stored")),
        ("artifacts", "artifacts_url", ("Nothing was sent", "No space left")),
    ],
)
def test_a_full_disk_for_a_part(
    disk: Mount,
    made_home: Home,
    platform: PlatformServer,
    part: str,
    setting: str,
    words: tuple[str, ...],
) -> None:
    """Full before the number is stored: then nothing may be sent."""
    folder = disk("size=16m")
    moved = folder / part
    shutil.move(made_home.path / part, moved)
    url = f"sqlite:///{moved}" if setting == "database_url" else str(moved)
    home = made_home.on(platform_url=platform.url, platform_api_key=KEY, **{setting: url})
    home.run("publish", "--dry-run").succeeded()
    filler = folder / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(folder).free))
    home.run("publish").failed(*words)
    assert platform.requests == []
    filler.unlink()
    assert home.run("publish", "--json").succeeded().json["sequence"] == 1
    assert len(platform.requests) == 1


def test_a_read_only_home(disk: Mount, made_home: Home, platform: PlatformServer) -> None:
    folder = disk("size=64m")
    home = home_on(folder, made_home, platform)
    output = home.path.parent / "output"
    output.rmdir()
    output.symlink_to(made_home.path.parent)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    home.run("publish").failed(str(home.path), "Read-only file system", "permissions")
    home.compute("--publish").failed(str(home.path))
    # What only reads works.
    assert home.run("publish", "--dry-run", "--json").succeeded().json["state"] == "would_send"
    assert platform.requests == []
