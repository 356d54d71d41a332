"""Scores that were fetched already, in one SQLite file; a batch is in it whole or not at all."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

from labelaudit_dagster.scorer_client.errors import ScoreCacheError

logger = logging.getLogger(__name__)

_BUSY_SECONDS = 30.0
_FORM: Final = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS scores (
    system TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (system, text_hash)
) WITHOUT ROWID
"""
_DAMAGED = ("malformed", "not a database")


def text_hash(text: str) -> bytes:
    """Return the SHA-256 of a text (UTF-8, halves of surrogate pairs passed through)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class ScoreCache:
    """Scores by system and text hash; the texts themselves are not kept.

    Open it with `ScoreCache.open(path)` as a context manager. Two processes may use one file.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open the file, making it where there is none.

        A damaged file is put aside (`.damaged` is added to its name) with a warning: what it held
        can be asked for again.

        Raises:
            ScoreCacheError: The file cannot be opened or made, or is of another form.
        """
        with closing(_connect(path)) as connection:
            yield cls(connection, path)

    def scores(self, system: str) -> dict[bytes, float]:
        """Return every score of a system, by text hash.

        Raises:
            ScoreCacheError: The file cannot be read.
        """
        with _explained(self._path):
            return dict(
                self._connection.execute(
                    "SELECT text_hash, score FROM scores WHERE system = ?", (system,)
                )
            )

    def add(self, system: str, scores: Mapping[bytes, float]) -> None:
        """Keep scores, all or none of them; they are on the disk when this returns.

        Raises:
            ScoreCacheError: The file cannot be written.
        """
        rows = [(system, digest, score) for digest, score in scores.items()]
        with _explained(self._path), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?)", rows)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if not any(word in str(error) for word in _DAMAGED):
            raise _unusable(path, error) from None
    except OSError as error:
        raise _unusable(path, error) from None
    aside = path.with_name(f"{path.name}.damaged")
    logger.warning("%s is damaged; it was moved to %s and is filled anew", path, aside)
    with _explained(path):
        # A journal of the damaged file must not be applied to the new one.
        for suffix in ("-journal", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.replace(aside)
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        form = connection.execute("PRAGMA user_version").fetchone()[0]
        if form > _FORM:
            raise ScoreCacheError(
                f"{path} was written by a newer release; use that one, or delete the file, and "
                "the scores are fetched anew."
            )
        if form < _FORM:
            with connection:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {_FORM}")
        # Reads the first page of the table, where damage shows.
        connection.execute("SELECT 1 FROM scores LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: Exception) -> ScoreCacheError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return ScoreCacheError(
        f"The scores in {path} cannot be read or written ({reason}). Free space or mend its "
        "permissions; the file may be deleted, and the scores are then fetched anew."
    )
