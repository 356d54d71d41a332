"""The small files beside the versions: what is current, and what is pinned."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import orjson

from labelaudit_dagster.artifacts.errors import ArtifactCorruptError, ArtifactKeyError
from labelaudit_dagster.artifacts.json_documents import decode_json, encode_json
from labelaudit_dagster.artifacts.references import ArtifactRef
from labelaudit_dagster.artifacts.storage import Storage
from labelaudit_dagster.artifacts.version_ids import is_version

CURRENT_FILE = "current.json"
_PIN_SUFFIX = ".pin.json"


@dataclass(frozen=True)
class CurrentPointer:
    """Content of `current.json`.

    Attributes:
        ref: the current version.
        run_id: Dagster run that wrote it, if one did.
        updated_at: when it became current (UTC).
    """

    ref: ArtifactRef
    run_id: str | None
    updated_at: datetime

    def to_json(self) -> bytes:
        """Return the bytes of `current.json`."""
        return encode_json(
            {
                "asset": self.ref.asset,
                "partition": self.ref.partition,
                "version": self.ref.version,
                "run_id": self.run_id,
                "updated_at": self.updated_at.isoformat(),
            },
            indent=True,
        )


def read_pointer(data: bytes, what: str) -> CurrentPointer:
    """Parse a `current.json`.

    Raises:
        ArtifactCorruptError: if it is damaged.
    """
    try:
        document = decode_json(data)
        return CurrentPointer(
            ref=ArtifactRef(document["asset"], document["partition"], document["version"]),
            run_id=document["run_id"],
            updated_at=datetime.fromisoformat(document["updated_at"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, ArtifactKeyError) as error:
        raise ArtifactCorruptError(
            f"The file {CURRENT_FILE} of {what} is damaged ({type(error).__name__}: {error}); "
            "restore it from a backup or materialise the asset again."
        ) from error


def pointer_in(storage: Storage, key: str) -> CurrentPointer | None:
    """Read the `current.json` in the folder of an artifact, `None` if there is none.

    Raises:
        ArtifactCorruptError: if it is damaged.
    """
    try:
        data = storage.read(f"{key}/{CURRENT_FILE}")
    except FileNotFoundError:
        return None
    return read_pointer(data, key)


@dataclass(frozen=True)
class Pin:
    """A version that pruning keeps because somebody refers to it from outside.

    Attributes:
        ref: the pinned version.
        reason: why, for people (`published as number 12`).
        pinned_at: when (UTC).
    """

    ref: ArtifactRef
    reason: str
    pinned_at: datetime

    @property
    def file_name(self) -> str:
        """Name of the pin's file; one for each reason."""
        digest = hashlib.sha256(self.reason.encode()).hexdigest()[:16]
        return f"{self.ref.version}.{digest}{_PIN_SUFFIX}"

    def to_json(self) -> bytes:
        """Return the bytes of the pin's file."""
        return encode_json(
            {
                "asset": self.ref.asset,
                "partition": self.ref.partition,
                "version": self.ref.version,
                "reason": self.reason,
                "pinned_at": self.pinned_at.isoformat(),
            },
            indent=True,
        )


def read_pin(data: bytes, what: str) -> Pin:
    """Parse a pin's file.

    Raises:
        ArtifactCorruptError: if it is damaged.
    """
    try:
        document = decode_json(data)
        return Pin(
            ref=ArtifactRef(document["asset"], document["partition"], document["version"]),
            reason=document["reason"],
            pinned_at=datetime.fromisoformat(document["pinned_at"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, ArtifactKeyError) as error:
        raise ArtifactCorruptError(
            f"A pin of {what} is damaged ({type(error).__name__}: {error}); "
            "delete the file or pin the version again."
        ) from error


def pinned_version(file_name: str) -> str | None:
    """Version that a file name pins, or `None` if it is no pin."""
    version = file_name.removesuffix(_PIN_SUFFIX).rpartition(".")[0]
    return version if file_name.endswith(_PIN_SUFFIX) and is_version(version) else None
