"""Ratings that the client sends by the comments' texts, and gets back so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app_api.problems import ProblemError, field_problem
from app_api.routers.indielabel.contract_ratings import (
    choice_of_rating,
    rating_of_choice,
    read_choices,
)
from app_api.routers.indielabel.given import given
from app_api.services import Services
from labelaudit_dagster.store import (
    InvalidNameError,
    Label,
    NoCorpusError,
    add_labels,
    corpus_scale,
    current_labels,
    find_items,
)

_NAMED: Final = 20
"""So many unknown comments are named."""


@dataclass(frozen=True)
class KeptRatings:
    """What became of ratings.

    Attributes:
        stored: Those that are new or others than before.
        unchanged: Those that were there.
        unknown: Comments that the corpus does not have.
    """

    stored: int
    unchanged: int
    unknown: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """Return it as part of an answer."""
        return {
            "n_stored": self.stored,
            "n_unchanged": self.unchanged,
            "n_unknown": len(self.unknown),
            "unknown_comments": list(self.unknown[:_NAMED]),
        }


def read_ratings(sent: Any) -> dict[str, int]:
    """Return ratings by comment; nothing given means none.

    Raises:
        ProblemError: They are no object of comment and rating.
    """
    try:
        found = given(sent)
    except ValueError as error:
        raise field_problem("invalid-value", "ratings", str(error)) from None
    return {} if found is None else read_choices(found)


def keep_ratings(
    services: Services,
    user: str,
    model: str,
    ratings: Mapping[str, int],
    *,
    before: Callable[[], None] = lambda: None,
) -> KeptRatings:
    """Store ratings durably; those of unknown comments are left out.

    Args:
        services: Of the application.
        user: Who rates.
        model: Which model they are for.
        ratings: 0 to 4, or -1 for unsure, by comment.
        before: Called once there is something to store, before it is stored.

    Raises:
        ProblemError: There is no corpus, a name cannot be kept, or every comment is unknown.
        StoreError: The database failed; nothing was stored.
    """
    scale = corpus_scale(services.database)
    if scale is None:
        raise _no_corpus()
    items = find_items(services.database, texts=[text for text in ratings if _is_text(text)])
    unknown = tuple(text for text in ratings if text not in items)
    labels = [
        Label(items[text], rating_of_choice(choice, scale))
        for text, choice in ratings.items()
        if text in items
    ]
    if not labels:
        if unknown:
            raise field_problem(
                "unknown-id", "ratings", "names no comment of this corpus; nothing was stored"
            )
        return KeptRatings(0, 0, ())
    before()
    try:
        receipt = add_labels(services.database, user, model, labels, now=services.now())
    except InvalidNameError as error:
        raise ProblemError("invalid-value", str(error)) from None
    except NoCorpusError:
        raise _no_corpus() from None
    return KeptRatings(receipt.stored, receipt.unchanged, unknown)


def previous_ratings(services: Services, user: str, model: str) -> dict[str, str]:
    """Return all ratings of a model by comment, as the client shows them."""
    scale = corpus_scale(services.database)
    if scale is None:
        return {}
    labels = current_labels(services.database, user, model)
    texts = services.audit.corpus().texts_of(labels["item_id"].tolist())
    return {
        texts[item]: choice_of_rating(None if math.isnan(rating) else rating, scale)
        for item, rating in zip(labels["item_id"].tolist(), labels["rating"].tolist(), strict=True)
        if item in texts
    }


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _no_corpus() -> ProblemError:
    return ProblemError("no-corpus", "There are no comments to rate yet; import ratings first.")
