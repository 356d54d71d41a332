"""One community in canonical form: what every importer returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labelaudit_dagster.importers.identity import SourceIdentity
from labelaudit_dagster.importers.tables import DATA_TABLES, TABLES, validate_table

if TYPE_CHECKING:
    import pandas as pd


class ConservationError(RuntimeError):
    """Rows in are not rows kept plus rows quarantined: an importer has a defect."""


@dataclass(frozen=True)
class TableCounts:
    """How many rows a source held for one table, and what became of them.

    Attributes:
        rows_in: Rows of the source that say something for this table; kept + quarantined.
        rows_kept: Rows of the canonical table.
        rows_quarantined: Rows in the quarantine.
        rows_passed: Rows that say "no opinion" (Polis passes). They are not ratings, hence not
            part of `rows_in`; the source held `rows_in + rows_passed` rows.
    """

    rows_in: int
    rows_kept: int
    rows_quarantined: int
    rows_passed: int = 0

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_kept + self.rows_quarantined:
            raise ConservationError(
                f"{self.rows_in} rows in are not {self.rows_kept} kept and "
                f"{self.rows_quarantined} quarantined"
            )
        if min(self.rows_in, self.rows_kept, self.rows_quarantined, self.rows_passed) < 0:
            raise ConservationError(f"a count is negative: {self}")


@dataclass(frozen=True, eq=False)
class PublishedParameters:
    """Parameters of the last published constitution, as the platform returned them.

    Only parameters of kept participants and guidelines, each ordered by id. An id may have an
    intercept and no embedding, or the other way round.

    Attributes:
        mu: Global intercept.
        guideline_intercepts: float64 series over guideline ids.
        user_intercepts: float64 series over participant ids.
        guideline_embeddings: float64 frame, guideline ids × ndim (columns 0, 1, …).
        user_embeddings: float64 frame, participant ids × ndim.
    """

    mu: float
    guideline_intercepts: pd.Series[float]
    user_intercepts: pd.Series[float]
    guideline_embeddings: pd.DataFrame
    user_embeddings: pd.DataFrame

    def equals(self, other: PublishedParameters) -> bool:
        """Tell whether the two hold the same numbers for the same ids."""
        return self.mu == other.mu and all(
            getattr(self, name).equals(getattr(other, name))
            for name in (
                "guideline_intercepts",
                "user_intercepts",
                "guideline_embeddings",
                "user_embeddings",
            )
        )


@dataclass(frozen=True, eq=False)
class Community:
    """The canonical tables of one community, with what was left out and why.

    Attributes:
        participants: As `tables.PARTICIPANTS`; demographic columns follow the id.
        topics: As `tables.TOPICS`.
        guidelines: As `tables.GUIDELINES`.
        guideline_ratings: As `tables.GUIDELINE_RATINGS`: one row per participant and guideline.
        quarantine: As `tables.QUARANTINE`.
        counts: Counts of each data table by its name.
        identity: Which source this is.
        published: Published parameters for a warm start, if the source brings them.
        warnings: Kind (see `quarantine.WARNINGS`) to how often it occurred.
    """

    participants: pd.DataFrame
    topics: pd.DataFrame
    guidelines: pd.DataFrame
    guideline_ratings: pd.DataFrame
    quarantine: pd.DataFrame
    counts: Mapping[str, TableCounts]
    identity: SourceIdentity
    published: PublishedParameters | None = None
    warnings: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        quarantined = self.quarantine["table"].value_counts()
        for spec in DATA_TABLES:
            counts = self.counts[spec.name]
            held = (len(self.table(spec.name)), int(quarantined.get(spec.name, 0)))
            if held != (counts.rows_kept, counts.rows_quarantined):
                raise ConservationError(
                    f"{spec.name} holds {held[0]} rows and {held[1]} quarantined ones; "
                    f"its counts say {counts}"
                )

    def table(self, name: str) -> pd.DataFrame:
        """Return a canonical table by name.

        Raises:
            KeyError: There is no such table.
        """
        if name not in TABLES:
            raise KeyError(name)
        frame: pd.DataFrame = getattr(self, name)
        return frame

    def validate(self) -> None:
        """Check every table against its schema.

        Raises:
            pandera.errors.SchemaErrors: A table does not fit; the error lists every failure.
        """
        for name in TABLES:
            validate_table(name, self.table(name))

    def equals(self, other: Community) -> bool:
        """Tell whether both have the same canonical rows and published parameters.

        The quarantine, the counts and the warnings tell how a community came about; they and
        the identity are not compared.
        """
        if not all(self.table(spec.name).equals(other.table(spec.name)) for spec in DATA_TABLES):
            return False
        if self.published is None or other.published is None:
            return self.published is other.published
        return self.published.equals(other.published)
