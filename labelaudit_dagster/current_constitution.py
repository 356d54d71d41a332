"""The constitution that is current: read from the artifact store, one generation throughout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labelaudit_dagster.artifacts import ArtifactNotFoundError, ArtifactRef, ArtifactStore
from labelaudit_dagster.constitution.uncertainty_join import with_uncertainty

FIELDS = (
    "version",
    "created_at",
    "provenance",
    "solver",
    "parameters",
    "n_raters",
    "n_guidelines",
    "n_ratings",
    "accepted",
    "guidelines",
)
"""Documented order of a constitution's first fields; the others follow by name."""
SOLVER_FIELDS = ("method", "status", "loss", "kkt", "sweeps", "seconds")
GUIDELINE_FIELDS = (
    "guideline_id",
    "text",
    "n_ratings",
    "raw_support",
    "intercept",
    "factor",
    "consensus_score",
    "status",
    "reasons",
)


@dataclass(frozen=True)
class CurrentConstitution:
    """A constitution as people read it.

    Attributes:
        ref: the artifact version.
        document: as `constitution_document` makes it, with `version` and `created_at` of the
            artifact, `provenance` from its lineage, and uncertainty where it is at hand.
        changes: as `diff_constitutions` makes it, against the constitution before.
    """

    ref: ArtifactRef
    document: dict[str, Any]
    changes: dict[str, Any]


def read_current_constitution(store: ArtifactStore) -> CurrentConstitution | None:
    """Return the current constitution, or None before the first one.

    Raises:
        ArtifactError: if what is stored is damaged.
    """
    ref = store.current("constitution")
    return None if ref is None else read_constitution(store, ref)


def read_constitution(store: ArtifactStore, ref: ArtifactRef) -> CurrentConstitution:
    """Return one version of the constitution.

    Raises:
        ArtifactError: if the version is not in the store, or damaged.
    """
    manifest = store.manifest(ref)
    document = store.load_json(ref, "document")
    snapshot = store.resolve_upstream(ref, "ratings_export")
    document = {
        **document,
        "version": ref.version,
        "created_at": manifest.created_at.isoformat().replace("+00:00", "Z"),
        "provenance": {
            **document["provenance"],
            "run_id": manifest.run_id,
            "code_version": manifest.code_version,
            "inputs": dict(manifest.inputs),
            "snapshot": snapshot.version,
            "snapshot_sha256": store.manifest(snapshot).content_hash,
        },
    }
    document = with_uncertainty(document, _uncertainty(store, ref, document))
    changes = {**store.load_json(ref, "changes"), "new_version": ref.version}
    return CurrentConstitution(ref, _in_documented_order(document), changes)


def _in_documented_order(document: dict[str, Any]) -> dict[str, Any]:
    """Return the same document with the keys in the order in which they are documented.

    The artifact store keeps its own order, that of the names.
    """
    return _ordered(
        {
            **document,
            "solver": _ordered(document["solver"], SOLVER_FIELDS),
            "guidelines": [_ordered(row, GUIDELINE_FIELDS) for row in document["guidelines"]],
        },
        FIELDS,
    )


def _ordered(record: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    rest = sorted(name for name in record if name not in first)
    return {name: record[name] for name in (*first, *rest)}


def find_uncertainty(
    store: ArtifactStore, ref: ArtifactRef, parameters: Mapping[str, Any]
) -> ArtifactRef | None:
    """Return the uncertainty of the same factorization under the same rule, or None.

    Args:
        store: the artifact store.
        ref: a version of the constitution.
        parameters: those of its document.

    Raises:
        ArtifactError: if what is stored is damaged.
    """
    wanted = store.manifest(ref).inputs.get("factorization")
    current = store.current("uncertainty")
    if current is None:
        return None
    for found in (current, *reversed(store.versions("uncertainty"))):
        try:
            if store.manifest(found).inputs.get("factorization") != wanted:
                continue
            rule = store.load_json(found, "options")["rule"]
        except ArtifactNotFoundError:
            continue  # pruned since it was listed
        if all(parameters[name] == value for name, value in rule.items()):
            return found
    return None


def find_participants(store: ArtifactStore, ref: ArtifactRef) -> ArtifactRef | None:
    """Return the table of participants from the export that a constitution was made from.

    A constitution is made from ratings alone, so that the table is none of its inputs, and may
    have been pruned.

    Args:
        store: the artifact store.
        ref: a version of the constitution.

    Raises:
        ArtifactError: if what is stored is damaged.
    """
    snapshot = store.resolve_upstream(ref, "ratings_export").version
    for found in reversed(store.versions("participants")):
        try:
            if store.manifest(found).inputs.get("ratings_export") == snapshot:
                return found
        except ArtifactNotFoundError:
            continue  # pruned since it was listed
    return None


def _uncertainty(store: ArtifactStore, ref: ArtifactRef, document: dict[str, Any]) -> Any:
    found = find_uncertainty(store, ref, document["parameters"])
    return None if found is None else store.load_table(found, "guidelines")
