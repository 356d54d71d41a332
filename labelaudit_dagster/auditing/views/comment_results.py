"""The comments of a topic or with a keyword: which, in what order, and what stands in each row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelaudit_dagster.auditing.views.audit_table import AuditTable
from labelaudit_dagster.auditing.views.comment_sample import LARGEST_SAMPLE, sample_rows
from labelaudit_dagster.auditing.views.decisions import (
    DECISION_COLOURS,
    DECISIONS,
    ERROR_TYPES,
    SYSTEM_LABELS,
    Ratings,
    chosen,
    error_amounts,
    error_codes,
    error_colours,
    is_positive,
    passes_filter,
    plot_keys,
)
from labelaudit_dagster.auditing.views.error_filter import ErrorFilter
from labelaudit_dagster.auditing.views.histogram_bins import bin_midpoints, rows_within_bins
from labelaudit_dagster.auditing.views.topic_overview import DECIMALS, Records

Rows = NDArray[np.int64]


def select_rows(
    table: AuditTable,
    *,
    topic: str | None = None,
    keyword: str | None = None,
    item_ids: NDArray[np.int64] | None = None,
) -> Rows:
    """Return the rows that are of a topic, or hold a keyword, or are asked for by id.

    Conditions add up, as the compatible route has it; none at all selects nothing.

    Args:
        table: the corpus.
        topic: name of a topic, -1 among them.
        keyword: searched literally, without regard to case.
        item_ids: ids; those that are not in the table are left out.

    Returns:
        Ascending rows of the table.
    """
    parts = []
    if topic is not None:
        parts.append(table.topics.rows_of(topic))
    if keyword is not None:
        parts.append(table.keywords.rows_with(keyword))
    if item_ids is not None and len(item_ids):
        parts.append(table.rows_of_items(item_ids))
    if len(parts) == 1:
        return parts[0]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)


def filter_rows(
    table: AuditTable, you: Ratings | None, rows: Rows, error_filter: ErrorFilter
) -> Rows:
    """Return the rows with the wanted type of error; all of them without a model."""
    if you is None or error_filter is ErrorFilter.ALL:
        return rows
    codes = error_codes(you[rows], table.system[rows], table.scale)
    return rows[passes_filter(codes, error_filter)]


def order_rows(table: AuditTable, rows: Rows, *, by_error: bool) -> Rows:
    """Order rows by the distance of the system from the threshold, falling, or by its rating.

    Args:
        table: the corpus.
        rows: what to order.
        by_error: the order with a model; without one the system's rating ascends. Equal ones
            stand in the order of their ids.
    """
    system = table.system[rows]
    keys = -error_amounts(system, table.scale) if by_error else system
    return rows[np.lexsort((rows, keys))]


def comment_records(table: AuditTable, you: Ratings | None, rows: Rows) -> Records:
    """Return rows of the results' table, ratings rounded to two decimals.

    Keys: id, comment, topic, user_color, user_decision, user_rating, system_color,
    system_decision, system_rating, error_color, error_type, toxicity_category, judgment (""),
    persp_score (the system's rating as a share of the scale's range, 0 to 1). Without a model
    the user's fields and the error type are None.

    Args:
        table: the corpus.
        you: predicted ratings aligned to the table, or None.
        rows: which, in the order wanted.
    """
    scale = table.scale
    system = table.system[rows]
    said = is_positive(system, scale).view(np.int8)
    nothing: list[Any] = [None] * len(rows)
    if you is None:
        user_ratings = user_decisions = user_colours = error_types = nothing
        colours = chosen(DECISION_COLOURS, said)
    else:
        own = np.asarray(you[rows], dtype=np.float64)
        codes = error_codes(you[rows], system, scale)
        decided = codes & 1
        user_ratings = own.round(DECIMALS).tolist()
        user_decisions = chosen(DECISIONS, decided)
        user_colours = chosen(DECISION_COLOURS, decided)
        error_types = chosen(ERROR_TYPES, codes)
        colours = error_colours(codes, system, scale).tolist()
    share = (system - scale.values[0]) / (scale.values[-1] - scale.values[0])
    columns = zip(
        table.item_ids[rows].tolist(),
        (table.texts[row] for row in rows.tolist()),
        table.topic_names(rows),
        user_colours,
        user_decisions,
        user_ratings,
        chosen(DECISION_COLOURS, said),
        chosen(DECISIONS, said),
        system.round(DECIMALS).tolist(),
        colours,
        error_types,
        table.categories(rows),
        share.round(DECIMALS).tolist(),
        strict=True,
    )
    return [
        {
            "id": item_id,
            "comment": comment,
            "topic": topic,
            "user_color": user_colour,
            "user_decision": user_decision,
            "user_rating": user_rating,
            "system_color": system_colour,
            "system_decision": system_decision,
            "system_rating": system_rating,
            "error_color": colour,
            "error_type": error_type,
            "toxicity_category": category,
            "judgment": "",
            "persp_score": score,
        }
        for (
            item_id,
            comment,
            topic,
            user_colour,
            user_decision,
            user_rating,
            system_colour,
            system_decision,
            system_rating,
            colour,
            error_type,
            category,
            score,
        ) in columns
    ]


@dataclass(frozen=True, eq=False)
class CommentResults:
    """What a topic or a keyword brings up: all hits, and one sample for table and plot.

    Attributes:
        table: the corpus.
        you: predicted ratings aligned to the table, or None.
        hits: rows of all hits, ascending.
        sample: at most 500 of them, ascending.
        error_filter: which errors table and plot show.
        use_model: whether the view is that of the model; without it rows go by the system's
            rating, and the plot shows the system alone.
    """

    table: AuditTable
    you: Ratings | None
    hits: Rows
    sample: Rows
    error_filter: ErrorFilter
    use_model: bool

    @property
    def item_ids(self) -> list[int]:
        """Ids of all hits, whatever the filter."""
        ids: list[int] = self.table.item_ids[self.hits].tolist()
        return ids

    @cached_property
    def shown(self) -> Rows:
        """Rows of the results' table: the filtered sample in its order."""
        kept = filter_rows(self.table, self.you, self.sample, self.error_filter)
        return order_rows(self.table, kept, by_error=self.use_model)

    def records(self) -> Records:
        """Return the rows of the results' table, see `comment_records`."""
        return comment_records(self.table, self.you, self.shown)

    def plot_records(self, longest_text: int = 300) -> Records:
        """Return the squares of the plot, ratings rounded to two decimals.

        With "under-sensitive" wanted only comments that the person's model finds positive are
        plotted, with "over-sensitive" only the others; any other filter plots the whole sample.

        Keys: id, comment (shortened), category, rating_sys, pred (None unless the model is
        used), key, system_label, vis_pred_bin, row (number within the bin), url.
        """
        rows = self._plotted()
        table, scale = self.table, self.table.scale
        system = table.system[rows]
        you = None if self.you is None or not self.use_model else self.you[rows]
        bins = bin_midpoints(system if you is None else you, scale)
        nothing: list[Any] = [None] * len(rows)
        preds = nothing if you is None else you.astype(np.float64).round(DECIMALS).tolist()
        columns = zip(
            table.item_ids[rows].tolist(),
            (_shortened(table.texts[row], longest_text) for row in rows.tolist()),
            table.categories(rows),
            system.round(DECIMALS).tolist(),
            preds,
            plot_keys(you, system, scale).tolist(),
            chosen(SYSTEM_LABELS, is_positive(system, scale).view(np.int8)),
            bins.tolist(),
            rows_within_bins(bins, system).tolist(),
            strict=True,
        )
        return [
            {
                "id": item_id,
                "comment": comment,
                "category": category,
                "rating_sys": rating,
                "pred": pred,
                "key": key,
                "system_label": label,
                "vis_pred_bin": midpoint,
                "row": row,
                "url": f"#{item_id}/#comment",
            }
            for item_id, comment, category, rating, pred, key, label, midpoint, row in columns
        ]

    def _plotted(self) -> Rows:
        if self.you is None or self.error_filter not in (ErrorFilter.UNDER, ErrorFilter.OVER):
            return self.sample
        positive = is_positive(self.you[self.sample], self.table.scale)
        wanted = self.error_filter is ErrorFilter.UNDER
        return np.asarray(self.sample[positive == wanted], dtype=np.int64)


def comment_results(
    table: AuditTable,
    you: Ratings | None,
    *,
    topic: str | None = None,
    keyword: str | None = None,
    item_ids: NDArray[np.int64] | None = None,
    error_filter: ErrorFilter = ErrorFilter.ALL,
    use_model: bool = True,
    most: int = LARGEST_SAMPLE,
) -> CommentResults:
    """Find comments and sample them, for a table and a plot of the same comments.

    The sample is drawn from all hits and filtered afterwards, so that the share of errors in it
    is that of the hits. It depends on the corpus and its seed alone.

    Args:
        table: the corpus; its units are those of the answer.
        you: predicted ratings (posterior means) aligned to the table and in its units, or None.
        topic: see `select_rows`, as are `keyword` and `item_ids`.
        keyword: as above.
        item_ids: as above.
        error_filter: which errors to show.
        use_model: order and plot by the model, or by the system alone.
        most: size of the sample.
    """
    hits = select_rows(table, topic=topic, keyword=keyword, item_ids=item_ids)
    return CommentResults(
        table=table,
        you=you,
        hits=hits,
        sample=sample_rows(hits, table.priorities, most),
        error_filter=error_filter,
        use_model=use_model,
    )


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
