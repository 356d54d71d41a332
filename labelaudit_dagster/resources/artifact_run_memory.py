"""What the runs of one process wrote and loaded, for lineage and for one generation per run."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from labelaudit_dagster.artifacts import ArtifactRef

_REMEMBERED_RUNS = 64


@dataclass
class _Run:
    """What this process knows of one run."""

    written: dict[str, ArtifactRef] = field(default_factory=dict)  # by artifact key
    found: dict[str, ArtifactRef] = field(default_factory=dict)  # current when first asked
    loaded: dict[str, dict[str, ArtifactRef]] = field(default_factory=dict)  # by step, then key


class RunMemory:
    """What the runs of this process wrote and loaded; forgets the oldest runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, _Run] = OrderedDict()

    def _run(self, run_id: str) -> _Run:
        run = self._runs.setdefault(run_id, _Run())
        self._runs.move_to_end(run_id)
        while len(self._runs) > _REMEMBERED_RUNS:
            self._runs.popitem(last=False)
        return run

    def version_for(self, run_id: str, key: str) -> ArtifactRef | None:
        """Version that a run has to use: what it wrote, else what it found before, else `None`."""
        with self._lock:
            run = self._run(run_id)
            return run.written.get(key) or run.found.get(key)

    def note_found(self, run_id: str, ref: ArtifactRef) -> None:
        """Remember what was current when the run first asked."""
        with self._lock:
            self._run(run_id).found[ref.key] = ref

    def note_written(self, run_id: str, refs: Iterable[ArtifactRef]) -> None:
        """Remember what the run wrote."""
        with self._lock:
            self._run(run_id).written.update({ref.key: ref for ref in refs})

    def note_loaded(self, run_id: str, step: str, refs: Iterable[ArtifactRef]) -> None:
        """Remember what a step loaded."""
        with self._lock:
            step_inputs = self._run(run_id).loaded.setdefault(step, {})
            step_inputs.update({ref.key: ref for ref in refs})

    def loaded(self, run_id: str, step: str) -> list[ArtifactRef]:
        """Return what a step loaded, in the order of loading."""
        with self._lock:
            return list(self._run(run_id).loaded.get(step, {}).values())
