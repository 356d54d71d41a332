"""Turns a value into the files of one version, with their entries for the manifest."""

from __future__ import annotations

import hashlib
from typing import Any

from labelaudit_dagster.artifacts.errors import ArtifactValueError
from labelaudit_dagster.artifacts.json_documents import encode_json
from labelaudit_dagster.artifacts.manifest import ArtifactKind, StoredFile
from labelaudit_dagster.artifacts.path_encoding import encode_key
from labelaudit_dagster.artifacts.tables import encode_table, is_frame
from labelaudit_dagster.artifacts.values import Blob, Bundle

DATA = "data"
"""Member name of the only value of an artifact that is no bundle."""


def _file_stem(name: str) -> str:
    stem = encode_key(name)
    return "!6danifest" if stem == "manifest" else stem  # manifest.json is taken


def _encode_member(name: str, value: Any, what: str) -> tuple[str, bytes, StoredFile]:
    """Return file name, content and manifest entry of one value."""
    where = what if name == DATA else f"{what}, member {name!r},"
    rows: int | None = None
    columns: tuple[tuple[str, str], ...] | None = None
    kind: Any
    if is_frame(value):
        kind, suffix = "table", ".parquet"
        data, columns = encode_table(value, where)
        rows = len(value)
    elif isinstance(value, Blob):
        kind, suffix, data = "bytes", value.suffix, value.data
    elif isinstance(value, bytes | bytearray | memoryview):
        kind, suffix, data = "bytes", ".bin", bytes(value)
    elif value is None:
        raise ArtifactValueError(f"{where} is None; return a frame, a JSON document or bytes.")
    else:
        kind, suffix = "json", ".json"
        try:
            data = encode_json(value)
        except ArtifactValueError as error:
            raise ArtifactValueError(f"{where}: {error}") from None
    entry = StoredFile(
        name=name,
        kind=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        row_count=rows,
        columns=columns,
    )
    return f"{_file_stem(name)}{suffix}", data, entry


def encode_value(
    value: Any, what: str
) -> tuple[ArtifactKind, dict[str, bytes], dict[str, StoredFile]]:
    """Encode a frame, JSON document, bytes, `Blob` or `Bundle`.

    Args:
        value: what to store.
        what: the artifact, for error messages.

    Returns:
        The kind, the files by name, and their manifest entries by name.

    Raises:
        ArtifactValueError: if the value, or a member of a bundle, cannot be held without loss.
    """
    members = dict(value) if isinstance(value, Bundle) else {DATA: value}
    files: dict[str, bytes] = {}
    entries: dict[str, StoredFile] = {}
    for name in sorted(members):
        file_name, data, entry = _encode_member(name, members[name], what)
        files[file_name] = data
        entries[file_name] = entry
    if isinstance(value, Bundle):
        return "bundle", files, entries
    return next(iter(entries.values())).kind, files, entries
