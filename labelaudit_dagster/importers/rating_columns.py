"""Which column of a ratings table holds what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from labelaudit_dagster.importers.corpus_tables import CATEGORY_SHARES
from labelaudit_dagster.importers.failure import ImportFailure

CATEGORY_NAMES: Final = tuple(spec.name for spec in CATEGORY_SHARES)


@dataclass(frozen=True)
class RatingColumns:
    """Names of the columns of a long table with one row for each rating.

    Attributes:
        rater: Id of the rater.
        item: Id of the comment.
        rating: The rating, a number.
        text: The comment's text.
        time: When it was rated; None where the table does not say.
        demographics: Attribute of raters to the column that holds it.
        categories: Category share of a comment (a name of `CATEGORY_SHARES`) to the column that
            holds it, for the whole comment or as each rater sees it (0 or 1).
        system_score: The audited system's score of the comment; None where there is none.

    Raises:
        ImportFailure: An attribute or category has a name that it cannot have.
    """

    rater: str = "rater_id"
    item: str = "item_id"
    rating: str = "rating"
    text: str = "text"
    time: str | None = None
    demographics: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    system_score: str | None = None

    def __post_init__(self) -> None:
        for name in self.demographics:
            if name == "rater_id" or not name or "\0" in name:
                raise ImportFailure(
                    f"A demographic cannot be named '{name}'; give it another name, as "
                    "--demographics NAME=COLUMN."
                )
        for name in self.categories:
            if name not in CATEGORY_NAMES:
                raise ImportFailure(
                    f"'{name}' is no category share; say which one a column holds, as "
                    f"--categories NAME=COLUMN with a NAME of {', '.join(CATEGORY_NAMES)}."
                )

    @property
    def roles(self) -> tuple[tuple[str, str, str], ...]:
        """All columns, each with what it holds and the command line's option for it."""
        named = [
            (self.rater, "the rater's id", "--rater"),
            (self.item, "the comment's id", "--item"),
            (self.rating, "the ratings", "--rating"),
            (self.text, "the comment's text", "--text"),
        ]
        if self.time is not None:
            named.append((self.time, "the time of the rating", "--time"))
        named += [
            (column, f"the demographic '{name}'", "--demographics")
            for name, column in self.demographics.items()
        ]
        named += [
            (column, f"the category share '{name}'", "--categories")
            for name, column in self.categories.items()
        ]
        if self.system_score is not None:
            named.append((self.system_score, "the system's scores", "--system-scores"))
        return tuple(named)

    @property
    def all(self) -> tuple[str, ...]:
        """Every column once."""
        return tuple(dict.fromkeys(column for column, _, _ in self.roles))


def parse_named_columns(texts: Iterable[str], header: Collection[str] = ()) -> dict[str, str]:
    """Read lists of columns such as `age,gender=sex`: the name that one gets, and the column.

    Args:
        texts: The lists; parts are separated by commas, white space around them is dropped.
        header: Columns that there are: a part that is one of them is taken as it is, though it
            may hold an equals sign.

    Returns:
        Name to column; a column without a name keeps its own.

    Raises:
        ImportFailure: A name is given twice.
    """
    columns: dict[str, str] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        if not part:
            continue
        name, equals, column = part.partition("=")
        if part in header or not equals:
            name = column = part
        name, column = name.strip(), column.strip()
        if name in columns:
            raise ImportFailure(f"The name '{name}' is given to two columns; choose another one.")
        columns[name] = column
    return columns
