"""A community back to the platform's export document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labelaudit_dagster.importers.community import Community
from labelaudit_dagster.importers.export_entities import ATTRIBUTES_KEY

_CHUNK_ROWS = 50_000


@dataclass(frozen=True)
class ExportFlags:
    """Which parts of the document are written; the others are left out."""

    topics: bool = True
    guidelines: bool = True
    ratings: bool = True
    users: bool = True
    mu: bool = True


def write_export(
    community: Community,
    stream: BinaryIO,
    flags: ExportFlags = ExportFlags(),
) -> None:
    """Write a community as a platform's export, the form that `read_export` reads.

    The bytes depend on the canonical tables and published parameters only, and reading them
    gives those back. Attributes of participants are written as the object `demographics` of a
    user, an extension of the format. Ratings are written in chunks, without a Python object for
    each.

    Args:
        community: What to write.
        stream: A file opened for writing in binary mode.
        flags: Which parts to write.
    """
    for index, part in enumerate(_parts(community, flags)):
        stream.write(b"{" if index == 0 else b",")
        for piece in part:
            stream.write(piece)
    stream.write(b"}" if any(vars(flags).values()) else b"{}")


def _parts(community: Community, flags: ExportFlags) -> Iterator[Iterator[bytes]]:
    if flags.topics:
        yield _list("topics", iter([_joined(_topics(community))]))
    if flags.guidelines:
        yield _list("guidelines", iter([_joined(_guidelines(community))]))
    if flags.ratings:
        yield _list("ratings", _ratings(community.guideline_ratings))
    if flags.users:
        yield _list("users", iter([_joined(_users(community))]))
    if flags.mu:
        mu = community.published.mu if community.published is not None else 0.0
        yield iter([b'"mu":', orjson.dumps(mu)])


def _list(key: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield orjson.dumps(key) + b":["
    yield from pieces
    yield b"]"


def _joined(entries: list[dict[str, Any]]) -> bytes:
    return orjson.dumps(entries)[1:-1]


def _records(frame: pd.DataFrame, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return rows as objects with the export's field names, without fields that are null."""
    columns = [
        [None if pd.isna(value) else value for value in frame[column].tolist()] for column in names
    ]
    return [
        {name: value for name, value in zip(names.values(), row, strict=True) if value is not None}
        for row in zip(*columns, strict=True)
    ]


def _topics(community: Community) -> list[dict[str, Any]]:
    names = {"topic_id": "id", "title": "title", "parent_id": "parentId"}
    return _records(community.topics, names)


def _guidelines(community: Community) -> list[dict[str, Any]]:
    names = {
        "guideline_id": "id",
        "topic_id": "topicId",
        "text": "value",
        "author_id": "authorId",
        "created_at": "createdAt",
    }
    frame = community.guidelines.assign(
        created_at=_iso_texts(community.guidelines["created_at"]).to_pandas()
    )
    published = community.published
    return [
        entry | parameters
        for entry, parameters in zip(
            _records(frame, names),
            _parameters(
                frame["guideline_id"],
                None if published is None else published.guideline_intercepts,
                None if published is None else published.guideline_embeddings,
            ),
            strict=True,
        )
    ]


def _users(community: Community) -> list[dict[str, Any]]:
    frame, published = community.participants, community.published
    attributes = _records(frame, {name: str(name) for name in frame.columns[1:]})
    return [
        {"id": user_id} | ({ATTRIBUTES_KEY: known} if known else {}) | parameters
        for user_id, known, parameters in zip(
            frame["participant_id"],
            attributes or [{}] * len(frame),
            _parameters(
                frame["participant_id"],
                None if published is None else published.user_intercepts,
                None if published is None else published.user_embeddings,
            ),
            strict=True,
        )
    ]


def _parameters(
    ids: pd.Series[str], intercepts: pd.Series[float] | None, embeddings: pd.DataFrame | None
) -> Iterator[dict[str, Any]]:
    intercept_of = {} if intercepts is None else dict(intercepts.items())
    embedding_of = (
        {}
        if embeddings is None
        else dict(zip(embeddings.index, embeddings.to_numpy().tolist(), strict=True))
    )
    for key in ids:
        yield {"embeddings": embedding_of.get(key, []), "intercept": intercept_of.get(key)}


def _ratings(ratings: pd.DataFrame) -> Iterator[bytes]:
    for start in range(0, len(ratings), _CHUNK_ROWS):
        chunk = ratings.iloc[start : start + _CHUNK_ROWS]
        helpful = pa.array(chunk["helpful"].to_numpy())
        times = _iso_texts(chunk["rated_at"])
        created = pc.binary_join_element_wise(',"createdAt":"', times, '"', "")
        objects = pc.binary_join_element_wise(
            '{"id":"rating-',
            pa.array(range(start, start + len(chunk)), pa.int64()).cast(pa.string()),
            '","authorId":',
            _json_texts(chunk["participant_id"]),
            ',"guidelineId":',
            _json_texts(chunk["guideline_id"]),
            pc.if_else(helpful, ',"rating":"helpful"', ',"rating":"not_helpful"').cast(pa.string()),
            pc.fill_null(created, ""),
            "}",
            "",
        )
        if start:
            yield b","
        one_list = pa.ListArray.from_arrays(pa.array([0, len(objects)], pa.int32()), objects)
        yield pc.binary_join(one_list, ",")[0].as_py().encode()


def _json_texts(values: pd.Series[str]) -> pa.Array:
    """Return strings as JSON texts, each distinct one encoded once."""
    codes, distinct = pd.factorize(values)
    encoded = [orjson.dumps(value).decode() for value in distinct]
    return pa.array(encoded, pa.string()).take(pa.array(codes))


def _iso_texts(times: pd.Series[pd.Timestamp]) -> pa.Array:
    """Return UTC times as ISO 8601 texts with microseconds, null where unknown."""
    naive = pa.array(times.dt.tz_localize(None), pa.timestamp("us"))
    texts = pc.strftime(naive, format="%Y-%m-%dT%H:%M:%SZ")
    return texts.cast(pa.string())
