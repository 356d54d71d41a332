"""The folder of the home: whether it takes files, how much room there is, who holds its locks."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from labelaudit_dagster.diagnosis.finding import Finding
from labelaudit_dagster.home import is_writable
from labelaudit_dagster.home_status.attention import SMALLEST_FREE_BYTES, SMALLEST_FREE_INODES
from labelaudit_dagster.home_status.sizes import free_space
from labelaudit_dagster.settings import Settings

_LOCKS = Path("/proc/locks")


def check_home(settings: Settings) -> Finding:
    """Write a file, replace another by it in one step, and remove it, as every result is made."""
    home = settings.home
    if not home.exists():
        return Finding("home", True, f"{home} does not exist yet; the first import makes it")
    if not home.is_dir():
        return Finding(
            "home", False, f"{home} is no folder", "Set LABELAUDIT_HOME to another place."
        )
    if not is_writable(home):
        return Finding(
            "home",
            False,
            f"{home} cannot be written",
            "Reading works; mend its permissions before importing or running.",
        )
    probe = home / f".doctor-{secrets.token_hex(8)}"
    other = probe.with_suffix(".tmp")
    try:
        for path in (probe, other):
            with path.open("xb") as file:
                file.write(path.name.encode())
                file.flush()
                os.fsync(file.fileno())
        other.replace(probe)
        replaced = probe.read_bytes() == other.name.encode()
    except OSError as error:
        return Finding(
            "home",
            False,
            f"{home} takes no file ({error.strerror})",
            "Reading works; free space or mend the file system before importing or running.",
        )
    finally:
        for path in (probe, other):
            try:
                path.unlink(missing_ok=True)
            except OSError:  # what cannot be removed was hardly written either
                continue
    if not replaced:
        return Finding(
            "home",
            False,
            f"{home} does not replace a file in one step",
            "Put the home on a local file system: results could be torn by a crash here.",
        )
    return Finding("home", True, f"{home} can be written, and replaces files in one step")


def check_space(settings: Settings) -> Finding:
    """Free bytes, and free file entries: every version of a result takes a few."""
    room = free_space(settings.home)
    free, entries = room["free_bytes"], room["free_inodes"]
    found = f"{free / 1024**3:.1f} GiB"
    found += "" if entries < 0 else f" and {entries:,} file entries"
    if free < SMALLEST_FREE_BYTES:
        advice = (
            "Free at least 1 GiB; a run that finds no space keeps what is current. See what "
            "could go: labelaudit prune --dry-run"
        )
        return Finding("free space", False, found, advice)
    if 0 <= entries < SMALLEST_FREE_INODES:
        return Finding(
            "free space",
            False,
            found,
            "Remove small files, or keep fewer versions: labelaudit prune --dry-run",
        )
    return Finding("free space", True, found)


def check_locks(settings: Settings) -> Finding:
    """Which work is going on, by the lock files of the home; nothing takes a lock for it."""
    names = {path: path.name.strip(".").removesuffix(".lock") for path in _lock_files(settings)}
    if not names:
        return Finding("locks", True, "no work has been done here yet")
    if not _LOCKS.is_file():
        return Finding("locks", True, "this system does not say who holds them")
    holders = _holders()
    held = [
        f"{name} by process {holders[_place(path)]}"
        for path, name in sorted(names.items())
        if _place(path) in holders
    ]
    if not held:
        return Finding("locks", True, "none is held")
    return Finding(
        "locks",
        True,
        f"held: {', '.join(held)}",
        "A lock goes with its process, also when that is killed; never delete the file.",
    )


def _lock_files(settings: Settings) -> list[Path]:
    return sorted(settings.home.glob(".*.lock")) if settings.home.is_dir() else []


def _place(path: Path) -> str:
    """Device and number of a file, as `/proc/locks` writes them."""
    found = path.stat()
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


def _holders() -> dict[str, str]:
    """Process number by place of the file, of locks that are held and not waited for."""
    found = {}
    for line in _LOCKS.read_text("ascii").splitlines():
        parts = line.split()
        if len(parts) >= 6 and parts[1] == "FLOCK":
            found[parts[5]] = parts[4]
    return found
