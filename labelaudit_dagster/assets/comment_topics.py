"""`comment_topics` and `rating_splits`: what each comment is about, and what it is used for."""

from typing import Any

import dagster as dg
import pandas as pd
from pydantic import Field

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.assets.audit_charts import bars
from labelaudit_dagster.assets.corpus_tables import GROUP
from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.assets.pictures import picture
from labelaudit_dagster.settings import Settings

LISTED_TOPICS = 200


class TopicRunOptions(dg.Config):
    """Options of the topics; the others are those of the library."""

    n_topics: int | None = Field(
        default=None, description="Topics to look for. Default: chosen from the number of comments."
    )


@dg.asset(
    group_name=GROUP,
    kinds={"scikitlearn"},
    code_version="1",
    description=(
        "The topic of every comment, from its words alone; -1 where it has none. Beside it the "
        "topics with their characteristic words."
    ),
)
def comment_topics(
    context: dg.AssetExecutionContext,
    config: TopicRunOptions,
    settings: dg.ResourceParam[Settings],
    comments: pd.DataFrame,
) -> dg.MaterializeResult[Bundle]:
    """Sort the comments into topics."""
    from labelaudit_dagster.auditing.topics import TopicOptions, assign_topics

    with explained():
        found = assign_topics(
            comments["item_id"].to_numpy(),
            comments["text"].tolist(),
            TopicOptions(n_topics=config.n_topics, seed=settings.seed),
        )
    context.log.info(f"{found.n_topics:,} topics; {found.n_outliers:,} comments have none")
    real = found.topics[found.topics["topic_id"] >= 0]
    return dg.MaterializeResult(
        value=Bundle(comments=found.comments, topics=found.topics, figures=found.figures()),
        metadata={
            "topics": found.n_topics,
            "comments without a topic": found.n_outliers,
            "stability (adjusted Rand index of half samples)": _or_undefined(found.stability),
            "coherence (mean NPMI of a topic's words)": _or_undefined(found.coherence),
            "topics and words": dg.MetadataValue.md(_listed(real)),
            "sizes": picture(
                bars(
                    real["topic"].tolist(),
                    real["n_comments"].tolist(),
                    "Comments by topic",
                    f"{found.n_outliers:,} comments have no topic.",
                ),
                "Bars with the number of comments of each topic",
            ),
        },
    )


def _or_undefined(value: float | None) -> float | str:
    return "undefined for so few comments" if value is None else value


def _listed(topics: pd.DataFrame) -> str:
    """Return the topics with their words as a table."""
    rows = [
        f"| {row.topic} | {row.n_comments:,} | {_cell(str(row.words))} |"
        for row in topics.head(LISTED_TOPICS).itertuples()
    ]
    return "\n".join(["| topic | comments | words |", "|---|--:|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


@dg.asset(
    group_name=GROUP,
    kinds={"parquet"},
    code_version="1",
    description=(
        "What each comment is used for: comments to label come from `train`, and the system is "
        "compared with people on `system_evaluation`."
    ),
)
def rating_splits(
    settings: dg.ResourceParam[Settings], comments: pd.DataFrame
) -> dg.MaterializeResult[pd.DataFrame]:
    """Put each comment into one split, by its id and the seed alone."""
    from labelaudit_dagster.auditing.splits import split_comments

    with explained():
        frame = split_comments(comments["item_id"].to_numpy(), seed=settings.seed)
    sizes: dict[str, Any] = {
        str(name): int(count) for name, count in frame["split"].value_counts().items()
    }
    return dg.MaterializeResult(value=frame, metadata={"seed": settings.seed, **sizes})
