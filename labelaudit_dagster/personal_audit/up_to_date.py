"""Whose results are those of their labels and of the corpus, as far as can be told cheaply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from labelaudit_dagster.artifacts import ArtifactError, ArtifactStore
from labelaudit_dagster.user_partitions import partition_key

if TYPE_CHECKING:
    from labelaudit_dagster.store import Database, ModelProgress


def results_are_of(
    store: ArtifactStore, user: str, versions: Mapping[str, int], corpus: Mapping[str, str]
) -> bool:
    """Whether a user's results are of these versions of models and of this corpus side.

    Args:
        store: the artifact store.
        user: the user's id.
        versions: version by model.
        corpus: version by asset of the corpus side.

    Raises:
        ArtifactError: if the results cannot be read.
    """
    ref = store.current("personal_audit", partition_key(user))
    if ref is None:
        return False
    inputs = store.manifest(ref).inputs
    if any(inputs.get(asset) != version for asset, version in corpus.items()):
        return False
    metrics = store.load_table(ref, "metrics", columns=["model", "version"])
    found = dict(zip(metrics["model"], metrics["version"].astype(int), strict=True))
    return found == dict(versions)


def users_behind(
    store: ArtifactStore, database: Database, users: Sequence[str], corpus: Mapping[str, str]
) -> dict[str, bool]:
    """Return which of some users have results to be made.

    Who has labelled back and forth to the same labels counts among them; making their results
    again is harmless.

    Args:
        store: the artifact store.
        database: the application database.
        users: their ids; those without labels are passed over.
        corpus: version by asset of the corpus side.

    Returns:
        By user, whether a version is frozen whose results are not made, in the order of `users`.

    Raises:
        StoreError: the database failed.
    """
    from labelaudit_dagster.store import model_progress

    models: dict[str, list[ModelProgress]] = {}
    for one in model_progress(database, users):
        models.setdefault(one.user_id, []).append(one)
    behind = {}
    for user in users:
        if not (of_user := models.get(user)):
            continue
        trained = all(_is_trained(one) for one in of_user)
        made = _made(store, user, of_user, corpus)
        if not (trained and made):
            behind[user] = not made and any(one.version is not None for one in of_user)
    return behind


def _is_trained(one: ModelProgress) -> bool:
    return one.trained_sequence is not None and one.trained_sequence >= one.label_sequence


def _made(
    store: ArtifactStore, user: str, models: Iterable[ModelProgress], corpus: Mapping[str, str]
) -> bool:
    versions = {one.model: one.version for one in models if one.version is not None}
    if not versions:
        return False
    try:
        return results_are_of(store, user, versions, corpus)
    except ArtifactError:
        return False  # damaged, or pruned meanwhile
