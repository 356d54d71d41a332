"""Figures of a person's earlier versions, where they were computed from the same corpus side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore

if TYPE_CHECKING:
    import pandas as pd

    from labelaudit_dagster.personal_audit.corpus_side import CorpusSide

ASSET: Final = "personal_models"
CODE_VERSION: Final = "1"
"""Code version of the asset; figures of another one are computed again."""


def known_versions(store: ArtifactStore, side: CorpusSide, partition: str) -> pd.DataFrame | None:
    """Return the figures by version of the current `personal_models` of a partition.

    A version is a function of its labels and the corpus side, so that what is known of it need
    not be computed again.

    Args:
        store: the artifact store.
        side: the corpus side in use.
        partition: key of the user's partition.

    Returns:
        Its member `versions`; None where there is none, it is of another corpus side or code, or
        it cannot be read.
    """
    try:
        ref = store.current(ASSET, partition)
        if ref is None:
            return None
        manifest = store.manifest(ref)
        same = all(manifest.inputs.get(name) == one.version for name, one in side.refs.items())
        if not same or manifest.code_version != CODE_VERSION:
            return None
        return store.load_table(ref, "versions")
    except ArtifactError:
        return None  # damaged, or pruned meanwhile
