"""Published parameters in a platform export, for warm starts."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labelaudit_dagster.importers.community import PublishedParameters
from labelaudit_dagster.importers.warning_counts import WarningCounts


@dataclass(frozen=True, eq=False)
class ParameterFields:
    """The parameter fields of one list of the export.

    Attributes:
        ids: str series (n,): the kept id that an entry belongs to, null for others.
        intercepts: n values of the field `intercept`.
        embeddings: n values of the field `embeddings`.
    """

    ids: pd.Series[str]
    intercepts: list[Any]
    embeddings: list[Any]


def read_parameters(
    mu: Any, users: ParameterFields, guidelines: ParameterFields, warnings: WarningCounts
) -> PublishedParameters | None:
    """Return the published parameters; None where there are none or `mu` is not usable.

    What is not a finite number, and an embedding whose length is not the commonest one (the
    shorter in a tie), is dropped with a warning, as are parameters in which the entries of one
    id differ. The entry itself stays a participant or guideline.
    """
    lengths = Counter(
        len(values)
        for fields in (users, guidelines)
        for values in fields.embeddings
        if _is_embedding(values)
    )
    length = min(lengths, key=lambda size: (-lengths[size], size)) if lengths else 0
    tables = [
        (_intercepts(fields, warnings), _embeddings(fields, length, warnings))
        for fields in (users, guidelines)
    ]
    (user_intercepts, user_embeddings), (guideline_intercepts, guideline_embeddings) = tables
    any_published = any(len(frame) for pair in tables for frame in pair)
    if not _is_finite(mu):
        warnings.add("invalid_mu", int(any_published or mu is not None))
        return None
    if not any_published:
        return None
    return PublishedParameters(
        mu=float(mu),
        guideline_intercepts=guideline_intercepts,
        user_intercepts=user_intercepts,
        guideline_embeddings=guideline_embeddings,
        user_embeddings=user_embeddings,
    )


def _intercepts(fields: ParameterFields, warnings: WarningCounts) -> pd.Series[float]:
    usable = [_is_finite(value) for value in fields.intercepts]
    given = sum(value is not None for value in fields.intercepts)
    warnings.add("invalid_intercept", given - sum(usable))
    values = [[float(v)] for v, use in zip(fields.intercepts, usable, strict=True) if use]
    frame = _by_id(fields.ids[usable], values, 1, warnings)
    intercepts: pd.Series[float] = frame[0].rename("intercept")
    return intercepts


def _embeddings(fields: ParameterFields, length: int, warnings: WarningCounts) -> pd.DataFrame:
    usable = [_is_embedding(values) and len(values) == length for values in fields.embeddings]
    given = sum(values is not None and values != [] for values in fields.embeddings)
    warnings.add("invalid_embedding", given - sum(usable))
    values = [
        [float(x) for x in v] for v, use in zip(fields.embeddings, usable, strict=True) if use
    ]
    return _by_id(fields.ids[usable], values, length, warnings)


def _by_id(
    ids: pd.Series[str], values: list[list[float]], width: int, warnings: WarningCounts
) -> pd.DataFrame:
    matrix = np.array(values, dtype=np.float64).reshape(len(values), width)
    frame = pd.DataFrame(matrix, index=pd.Index(ids, dtype="str"))
    frame = frame[frame.index.notna()]
    distinct = frame[~frame.reset_index().duplicated().to_numpy()]
    differing = distinct.index.duplicated(keep=False)
    warnings.add("differing_attribute", distinct.index[differing].nunique())
    return distinct[~differing].sort_index().rename_axis(index=None)


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_embedding(values: Any) -> bool:
    return isinstance(values, list) and len(values) > 0 and all(map(_is_finite, values))
