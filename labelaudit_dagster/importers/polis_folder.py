"""Finding the files of a Polis export in a folder, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labelaudit_dagster.importers.failure import ImportFailure

_WIDE_NAMES = ("participants-votes.csv", "participant-votes.csv")


@dataclass(frozen=True)
class PolisFiles:
    """Paths of the files that `read_polis` takes; None where the folder has no such file."""

    comments: Path
    votes: Path | None
    participants_votes: Path | None
    summary: Path | None


def polis_files(folder: Path) -> PolisFiles:
    """Find the files of a Polis export.

    Files are called as in the export (`comments.csv`), or with something before it and a
    hyphen (`2024-05-01-comments.csv`), as newer exports name them.

    Args:
        folder: The folder that holds them.

    Raises:
        ImportFailure: The folder does not exist, lacks the comments or any votes, or holds
            several files of a kind.
    """
    if not folder.is_dir():
        raise ImportFailure(f"{folder} is not a folder; give the folder of a Polis export.")
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    wide = _find(folder, names, _WIDE_NAMES)
    others = [name for name in names if not name.endswith(_WIDE_NAMES)]
    votes = _find(folder, others, ("votes.csv",))
    comments = _find(folder, names, ("comments.csv",))
    if comments is None:
        raise ImportFailure(f"{folder} holds no comments.csv; give the folder of a Polis export.")
    if votes is None and wide is None:
        raise ImportFailure(
            f"{folder} holds neither votes.csv nor participants-votes.csv; one is needed."
        )
    return PolisFiles(comments, votes, wide, _find(folder, names, ("summary.csv",)))


def _find(folder: Path, names: list[str], endings: tuple[str, ...]) -> Path | None:
    exact = [name for name in names if name in endings]
    found = exact or [name for name in names if any(name.endswith("-" + end) for end in endings)]
    if len(found) > 1:
        raise ImportFailure(
            f"{folder} holds {found[0]} and {found[1]}; leave only the files of one export."
        )
    return folder / found[0] if found else None
