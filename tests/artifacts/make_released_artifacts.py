"""Writes the store `tests/artifacts/released/<release>` of the release that runs this.

Run once for each release that changes what a store looks like, and never again for that release:

    python tests/artifacts/make_released_artifacts.py 0.1
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from labelaudit_dagster.artifacts import ArtifactStore, Blob, Bundle

RELEASED = Path(__file__).parent / "released"
LONG_KEY = "long key " * 40


def table() -> pd.DataFrame:
    """One column of each kind that our tables use."""
    return pd.DataFrame(
        {
            "participant_id": pd.Series(["1", "ü", None], dtype="str"),
            "item_id": pd.Series([0, 2**53 - 1, -1], dtype="int64"),
            "intercept": pd.Series([0.1, float("nan"), -1e-300], dtype="float64"),
            "prediction": pd.Series([0.5, 0.25, 4.0], dtype="float32"),
            "helpful": pd.Series([True, False, True], dtype="bool"),
            "rated_at": pd.to_datetime(
                ["2026-01-01 00:00:00.5", None, "2026-01-02 03:04:05.1"], utc=True
            ),
            "status": pd.Categorical(["accepted", "rejected", "accepted"]),
            "factor": [[1.0, 2.0], [], [3.0]],
        }
    )


def document() -> dict[str, Any]:
    """A JSON document with every kind of value."""
    return {"text": "ü🙂", "numbers": [0, -1, 2**53, 0.1, 1e-300], "none": None, "flag": True}


def main(release: str) -> None:
    """Write one artifact of each kind, with lineage, a pin and difficult keys."""
    root = RELEASED / release
    if root.exists():
        raise SystemExit(f"{root} exists; the artifacts of a release never change.")
    store = ArtifactStore(root, clock=lambda: datetime(2026, 1, 31, 12, tzinfo=UTC))
    first = store.write("table", table(), run_id="run-1", code_version="1")
    second = store.write(
        "document", document(), inputs=[first], run_id="run-1", extra={"source": "made up"}
    )
    store.write("table", table().iloc[:1], run_id="run-2")
    store.write("raw", Blob(b"\x1f\x8b raw", suffix=".json.gz"))
    members = Bundle({"frame": table(), "manifest": document(), "note": Blob(b"text", ".txt")})
    store.write("bundle", members, inputs=[second])
    for key in ("plain", "../x", "", LONG_KEY, "🙂"):
        store.write("users", {"user": key}, partition=key, inputs=[second])
    store.pin(first, "published as number 1")


if __name__ == "__main__":
    main(sys.argv[1])
