"""What a group of raters would say: its labels, and its ratings of every comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app_api.audit import BoundedCache, CorpusView
from app_api.problems import ProblemError, field_problem

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from labelaudit_dagster.auditing.groups import GroupCondition
    from labelaudit_dagster.store import Label

Conditions = Mapping[str, Sequence[str]]


def checked_conditions(view: CorpusView, group: Conditions) -> list[GroupCondition]:
    """Return the conditions on a group.

    Args:
        view: The corpus.
        group: Demographic column to values.

    Raises:
        ProblemError: `invalid-value`; there is no such column.
    """
    from labelaudit_dagster.auditing.groups import conditions_from, demographic_columns

    known = demographic_columns(view.raters())
    for column in group:
        if column not in known:
            offered = ", ".join(known) or "none"
            raise field_problem(
                "invalid-value", column[:80], f"is no column to group by; there are: {offered}"
            )
    return conditions_from(group)


def labels_of_group(view: CorpusView, group: Conditions, *, seed: int) -> list[Label]:
    """Return what a group would label: its median ratings of a stratified sample.

    Args:
        view: The corpus.
        group: Demographic column to values.
        seed: Of the sample.

    Raises:
        ProblemError: `invalid-value`; the group is smaller than five or has rated too little.
    """
    from labelaudit_dagster.store import Label

    found = _group_labels(view, group, seed)
    ratings = zip(found["item_id"].tolist(), found["rating"].tolist(), strict=True)
    return [Label(item, rating) for item, rating in ratings]


def ratings_of_group(
    view: CorpusView, cache: BoundedCache, group: Conditions, *, seed: int
) -> NDArray[np.float32]:
    """Return the mean rating that a model of a group predicts for each row of the table.

    Made from the group's labels as a person's model is from theirs; once for each corpus.

    Raises:
        ProblemError: As `labels_of_group`.
    """

    def make() -> NDArray[np.float32]:
        import numpy as np

        from labelaudit_dagster.auditing.personal_model import fold_in, predict

        labels = _group_labels(view, group, seed)
        rows = view.model.rows_of(labels["item_id"].to_numpy(np.int64))
        levels = view.scale.levels_of(labels["rating"].to_numpy()).astype(np.int64)
        known = rows >= 0
        posterior = fold_in(view.model, rows[known], levels[known])
        return predict(view.model, posterior, view.side.rows).mean

    named = tuple((column, tuple(values)) for column, values in sorted(group.items()))
    return cache.get(("group", view.version, seed, named), make, lambda made: int(made.nbytes))


def _group_labels(view: CorpusView, group: Conditions, seed: int) -> pd.DataFrame:
    import pandas as pd

    from labelaudit_dagster.auditing.groups import GroupError, group_labels, shown_members

    table = view.table
    try:
        return group_labels(
            view.comment_ratings(),
            shown_members(view.raters(), checked_conditions(view, group)),
            pd.DataFrame({"item_id": table.item_ids, "system_rating": table.system}),
            scale=view.scale,
            seed=seed,
            training_items=table.item_ids[view.training_rows()],
        )
    except GroupError as error:
        raise ProblemError("invalid-value", str(error)) from None
