"""The current constitution as strict JSON, made once for each version."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from dataclasses import dataclass

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.current_constitution import CurrentConstitution, read_current_constitution


@dataclass(frozen=True, eq=False)
class ConstitutionBody:
    """The document of a constitution.

    Attributes:
        tag: The artifact's version and a hash of the document.
        plain: Strict JSON in UTF-8.
        compressed: The same as gzip.
    """

    tag: str
    plain: bytes
    compressed: bytes


class ConstitutionCache:
    """Keeps the document of the current constitution. Threads may share it.

    Args:
        artifacts: Where constitutions are.
    """

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts
        self._lock = threading.Lock()
        self._state: tuple[object, object] | None = None
        self._body: ConstitutionBody | None = None

    def current(self) -> ConstitutionBody | None:
        """Return the current constitution, or None before the first.

        Raises:
            ArtifactError: What is stored is damaged or cannot be read.
        """
        # Uncertainty is computed beside the constitution and joined to it when it is there.
        state = (self._artifacts.current("constitution"), self._artifacts.current("uncertainty"))
        with self._lock:
            if self._body is None or state != self._state:
                self._body = _read(self._artifacts)
                self._state = state
            return self._body


def _read(artifacts: ArtifactStore) -> ConstitutionBody | None:
    current = read_current_constitution(artifacts)
    return None if current is None else constitution_body(current)


def constitution_body(current: CurrentConstitution) -> ConstitutionBody:
    """Return the document of a constitution as strict JSON."""
    plain = json.dumps(
        current.document, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode("utf-8")
    tag = f"{current.ref.version}-{hashlib.sha256(plain).hexdigest()[:16]}"
    return ConstitutionBody(tag, plain, gzip.compress(plain, compresslevel=5, mtime=0))
