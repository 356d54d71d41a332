"""Joining a corpus to the one that is there: its ids get a prefix, its items new numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from labelaudit_dagster.importers import Corpus
from labelaudit_dagster.importers.item_ids import assign_item_ids


def prefixed_corpus(
    corpus: Corpus, prefix: str, *, known: Mapping[str, int], taken: Collection[int]
) -> Corpus:
    """Return the corpus with a prefix before the ids of its raters and source items.

    Args:
        corpus: The corpus of one source.
        prefix: What to put before the ids.
        known: Item ids that prefixed source ids have already, from an earlier import.
        taken: Item ids that are not free.
    """
    comments = corpus.comments
    source_ids = [prefix + source_id for source_id in comments["source_item_id"]]
    fresh = [source_id for source_id in source_ids if source_id not in known]
    numbers = {**known, **assign_item_ids(fresh, taken)}
    items = dict(
        zip(comments["item_id"].tolist(), (numbers[name] for name in source_ids), strict=True)
    )
    scores = corpus.system_ratings
    return replace(
        corpus,
        comments=comments.assign(
            item_id=comments["item_id"].map(items).astype("int64"), source_item_id=source_ids
        ).astype({"source_item_id": "str"}),
        raters=corpus.raters.assign(rater_id=prefix + corpus.raters["rater_id"]),
        comment_ratings=corpus.comment_ratings.assign(
            rater_id=prefix + corpus.comment_ratings["rater_id"],
            item_id=corpus.comment_ratings["item_id"].map(items).astype("int64"),
        ),
        system_ratings=None
        if scores is None
        else scores.assign(item_id=scores["item_id"].map(items).astype("int64")),
    )
