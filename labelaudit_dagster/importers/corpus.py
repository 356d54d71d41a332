"""One corpus in canonical form: comments with the ratings that a system is audited against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from labelaudit_dagster.auditing.rating_scale import RatingScale
from labelaudit_dagster.importers.community import ConservationError, TableCounts
from labelaudit_dagster.importers.corpus_tables import (
    CORPUS_DATA_TABLES,
    CORPUS_TABLES,
    SYSTEM_RATINGS,
    empty_corpus_table,
    validate_corpus_table,
)
from labelaudit_dagster.importers.identity import SourceIdentity

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Corpus:
    """The canonical tables of one corpus, with what was left out and why.

    Attributes:
        comments: As `corpus_tables.COMMENTS`, ordered by item id.
        raters: As `corpus_tables.RATERS`; demographic columns follow the id, ordered by name.
        comment_ratings: As `corpus_tables.COMMENT_RATINGS`: one row per rater and comment.
        system_ratings: As `corpus_tables.SYSTEM_RATINGS`; None where the source brings none.
        scale: The scale of the ratings and of the system's scores.
        quarantine: As `tables.QUARANTINE`.
        counts: Counts of each data table by its name; of `system_ratings` where it is there.
        identity: Which source this is.
        warnings: Kind (see `quarantine.WARNINGS`) to how often it occurred.

    Raises:
        ConservationError: The counts do not fit the tables.
    """

    comments: pd.DataFrame
    raters: pd.DataFrame
    comment_ratings: pd.DataFrame
    system_ratings: pd.DataFrame | None
    scale: RatingScale
    quarantine: pd.DataFrame
    counts: Mapping[str, TableCounts]
    identity: SourceIdentity
    warnings: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        quarantined = self.quarantine["table"].value_counts()
        for name in self.table_names:
            counts = self.counts[name]
            held = (len(self.table(name)), int(quarantined.get(name, 0)))
            if held != (counts.rows_kept, counts.rows_quarantined):
                raise ConservationError(
                    f"{name} holds {held[0]} rows and {held[1]} quarantined ones; "
                    f"its counts say {counts}"
                )
        if unknown := sorted(set(quarantined.index) - set(self.table_names)):
            raise ConservationError(f"the quarantine has rows of {unknown[0]}, which is not there")

    @classmethod
    def of_tables(
        cls,
        *,
        comments: pd.DataFrame,
        raters: pd.DataFrame,
        comment_ratings: pd.DataFrame,
        scale: RatingScale,
        identity: SourceIdentity,
        system_ratings: pd.DataFrame | None = None,
    ) -> Self:
        """Make a corpus of tables from which nothing was left out."""
        frames = {
            "comments": comments,
            "raters": raters,
            "comment_ratings": comment_ratings,
            "system_ratings": system_ratings,
        }
        return cls(
            comments=comments,
            raters=raters,
            comment_ratings=comment_ratings,
            system_ratings=system_ratings,
            scale=scale,
            quarantine=empty_corpus_table("quarantine"),
            counts={
                name: TableCounts(len(frame), len(frame), 0)
                for name, frame in frames.items()
                if frame is not None
            },
            identity=identity,
        )

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the data tables that this corpus has."""
        return tuple(
            spec.name
            for spec in CORPUS_DATA_TABLES
            if spec is not SYSTEM_RATINGS or self.system_ratings is not None
        )

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by name; system ratings without rows where there are none.

        Raises:
            KeyError: There is no such table.
        """
        if name not in CORPUS_TABLES:
            raise KeyError(name)
        frame: pd.DataFrame | None = getattr(self, name)
        return empty_corpus_table(name) if frame is None else frame

    def validate(self) -> None:
        """Check every table against its schema, and the tables against each other.

        Raises:
            pandera.errors.SchemaErrors: A table does not fit; the error lists every failure.
            ValueError: A rating is no value of the scale, a score is beyond its ends, or a
                rating or score is of a comment, or by a rater, that is not there.
        """
        for name in CORPUS_TABLES:
            validate_corpus_table(name, self.table(name))
        ratings, scores = self.comment_ratings, self.table("system_ratings")
        if not ratings["rater_id"].isin(self.raters["rater_id"]).all():
            raise ValueError("comment_ratings names raters who are not among the raters")
        for name, frame in (("comment_ratings", ratings), ("system_ratings", scores)):
            if not frame["item_id"].isin(self.comments["item_id"]).all():
                raise ValueError(f"{name} names items that are not among the comments")
        if (self.scale.levels_of(ratings["rating"]) < 0).any():
            raise ValueError("comment_ratings holds ratings that are no values of the scale")
        if not scores["system_rating"].between(self.scale.values[0], self.scale.values[-1]).all():
            raise ValueError("system_ratings holds scores beyond the ends of the scale")

    def equals(self, other: Corpus) -> bool:
        """Tell whether both have the same canonical rows and the same scale.

        The quarantine, the counts and the warnings tell how a corpus came about; they and the
        identity are not compared.
        """
        return (
            self.scale == other.scale
            and self.table_names == other.table_names
            and all(self.table(name).equals(other.table(name)) for name in self.table_names)
        )

    def without_system_ratings(self) -> Corpus:
        """Return the corpus as if its source had brought no scores."""
        return replace(
            self,
            system_ratings=None,
            quarantine=self.quarantine[self.quarantine["table"] != SYSTEM_RATINGS.name].reset_index(
                drop=True
            ),
            counts={k: v for k, v in self.counts.items() if k != SYSTEM_RATINGS.name},
        )
