"""A person's models as the database knows them: kinds, versions, and the labels of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    import pandas as pd

    from labelaudit_dagster.store import Database, Model, Training


class NoLabelsError(ExpectedFailure, LookupError):
    """A person (or model) of whom there is no label."""


@dataclass(frozen=True, eq=False)
class ModelHistory:
    """One model with everything that it was trained on.

    Attributes:
        model: its name and kind.
        trainings: its versions, the oldest first; at least one.
        labels_of: returns the labels that a version was trained on: item_id, rating (NaN for
            unsure), labelled_at, sequence. Works while the database is open.
    """

    model: Model
    trainings: Sequence[Training]
    labels_of: Callable[[Training], pd.DataFrame]


def read_histories(database: Database, users: Sequence[str]) -> dict[str, list[ModelHistory]]:
    """Return the trained models of each user, by name.

    Args:
        database: the application database.
        users: their ids.

    Raises:
        NoLabelsError: if one of them has no trained model.
        StoreError: if the database cannot be read.
    """
    found = found_histories(database, users)
    for user in users:
        if user not in found:
            raise no_labels(user)
    return found


def found_histories(database: Database, users: Sequence[str]) -> dict[str, list[ModelHistory]]:
    """Return the trained models of each user who has one; as `read_histories`."""
    from labelaudit_dagster.store import current_labels, list_models, list_trainings

    alone = users[0] if len(users) == 1 else None
    # The labels of now are those of the last version, unless there are newer ones.
    newest = _by_model(current_labels(database, alone))
    models = {(one.user_id, one.name): one for one in list_models(database, alone)}
    versions: dict[tuple[str, str], list[Training]] = {}
    for training in list_trainings(database, alone):
        versions.setdefault((training.user_id, training.model), []).append(training)
    wanted = set(users)
    histories: dict[str, list[ModelHistory]] = {}
    for (user, name), trainings in versions.items():
        if user in wanted:
            labels_of = partial(_labels_of, database, newest)
            one = ModelHistory(models[user, name], trainings, labels_of)
            histories.setdefault(user, []).append(one)
    return histories


def no_labels(user: str) -> NoLabelsError:
    """Return the error of somebody who has not labelled."""
    return NoLabelsError(
        f"There is no trained model of {user!r}. Label comments first: labelaudit label --help"
    )


def _by_model(labels: pd.DataFrame) -> Mapping[tuple[str, str], pd.DataFrame]:
    return {
        (str(user), str(model)): rows.reset_index(drop=True)
        for (user, model), rows in labels.groupby(["user_id", "model"], sort=False)
    }


def _labels_of(
    database: Database, newest: Mapping[tuple[str, str], pd.DataFrame], training: Training
) -> pd.DataFrame:
    from labelaudit_dagster.store import current_labels

    now = newest.get((training.user_id, training.model))
    if now is None or int(now["sequence"].max()) > training.label_sequence:
        now = current_labels(
            database, training.user_id, training.model, up_to=training.label_sequence
        )
    return now[["item_id", "rating", "labelled_at", "sequence"]]
