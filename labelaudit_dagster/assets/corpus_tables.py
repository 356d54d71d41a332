"""The canonical tables of the corpus, read from the home's database and checked."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandera.errors

from labelaudit_dagster.assets.failures import explained
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.importers import (
    COMMENT_RATINGS,
    COMMENTS,
    QUARANTINE,
    RATERS,
    SYSTEM_RATINGS,
    Corpus,
)
from labelaudit_dagster.importers.quality import quarantine_summary
from labelaudit_dagster.resources.artifact_io_manager import EXTRA
from labelaudit_dagster.settings import Settings

GROUP = "audit"
RATINGS = "comment_ratings"

TABLES = {
    "comments": (COMMENTS, "The comments that the audited system decides about."),
    "raters": (RATERS, "Who rated comments, with what is known of them."),
    RATINGS: (COMMENT_RATINGS, "Who rated which comment how, one row a pair."),
    "given_system_ratings": (
        SYSTEM_RATINGS,
        "The audited system's own scores, where they came with the corpus.",
    ),
    "corpus_quarantine": (QUARANTINE, "Rows of the corpus that were not kept, with the reason."),
}


class NoCorpusError(ExpectedFailure, LookupError):
    """This home holds no comments yet."""


@dg.multi_asset(
    group_name=GROUP,
    outs={
        **{
            name: dg.AssetOut(description=text, kinds={"parquet"}, code_version="1")
            for name, (_, text) in TABLES.items()
        },
        "corpus_scale": dg.AssetOut(
            description="The scale of the ratings: levels, labels and the threshold.",
            kinds={"json"},
            code_version="1",
        ),
    },
    check_specs=[
        dg.AssetCheckSpec(
            "schema",
            asset=RATINGS,
            blocking=True,
            description="Every table has its documented columns, types, keys and references.",
        ),
        dg.AssetCheckSpec(
            "rows_conserved",
            asset=RATINGS,
            blocking=True,
            description="Rows in = rows kept + rows quarantined, for every table.",
        ),
        dg.AssetCheckSpec(
            "enough_ratings",
            asset=RATINGS,
            blocking=True,
            description="There are ratings by at least two people.",
        ),
    ],
)
def corpus_tables(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[Any]:
    """Read the corpus from the database."""
    with explained():
        corpus, origin = read_corpus(settings)
    context.log.info(
        f"{len(corpus.comments):,} comments, {len(corpus.comment_ratings):,} ratings "
        f"by {len(corpus.raters):,} people"
    )
    came_from = {EXTRA: dg.MetadataValue.json(origin)}
    for name in TABLES:
        yield dg.MaterializeResult(
            asset_key=name, value=_table(corpus, name), metadata=_metadata(corpus, name) | came_from
        )
    yield dg.MaterializeResult(
        asset_key="corpus_scale",
        value=corpus.scale.to_document(),
        metadata={
            "values": ", ".join(f"{value:g}" for value in corpus.scale.values),
            "positive above": corpus.scale.threshold,
        },
    )
    yield from _checks(corpus)


def read_corpus(settings: Settings) -> tuple[Corpus, dict[str, Any]]:
    """Return the corpus of this home, and which state of the database that is.

    Raises:
        NoCorpusError: if none was imported.
        StoreError: if the database cannot be read.
    """
    from labelaudit_dagster.store import Database, corpus_fingerprint, load_corpus

    with Database.open(settings.resolved_database_url) as database:
        # Asked first: what is imported in between makes the corpus look older, never newer.
        fingerprint = corpus_fingerprint(database)
        stored = load_corpus(database)
    if stored is None or stored.corpus.comments.empty:
        raise NoCorpusError(
            "This home holds no comments yet. Load some with `labelaudit import ratings FILE`, "
            "or try `labelaudit demo`."
        )
    return stored.corpus, {"database_change": stored.change, "corpus_fingerprint": fingerprint}


def _table(corpus: Corpus, name: str) -> Any:
    spec, _ = TABLES[name]
    return corpus.quarantine if spec is QUARANTINE else corpus.table(spec.name)


def _metadata(corpus: Corpus, name: str) -> dict[str, Any]:
    """What a person reads beside a table in the Dagster UI."""
    frame = _table(corpus, name)
    if name == "corpus_quarantine":
        return {"reasons": dg.MetadataValue.md(_markdown(quarantine_summary(frame)))}
    counts = corpus.counts.get(TABLES[name][0].name)
    metadata: dict[str, Any] = {}
    if counts is not None:
        metadata = {
            "rows in": counts.rows_in,
            "rows kept": counts.rows_kept,
            "rows quarantined": counts.rows_quarantined,
        }
    if name == RATINGS and len(frame):
        per_comment = frame["item_id"].value_counts()
        metadata["raters"] = int(frame["rater_id"].nunique())
        metadata["comments rated"] = len(per_comment)
        metadata["median ratings of a rated comment"] = float(per_comment.median())
        metadata["share positive"] = float((frame["rating"] > corpus.scale.threshold).mean())
        metadata["ratings by value"] = dg.MetadataValue.md(_histogram(corpus))
    if name == "raters":
        metadata["demographics"] = ", ".join(frame.columns[1:]) or "none"
    return metadata


def _histogram(corpus: Corpus) -> str:
    """Return how often each value of the scale was given."""
    given = corpus.comment_ratings["rating"].value_counts()
    rows = [
        f"| {value:g} | {label} | {int(given.get(value, 0)):,} |"
        for value, label in zip(corpus.scale.values, corpus.scale.labels, strict=True)
    ]
    return "\n".join(["| value | meaning | ratings |", "|--:|---|--:|", *rows])


def _markdown(records: list[dict[str, Any]]) -> str:
    if not records:
        return "Nothing was quarantined."
    rows = [f"| {r['table']} | {r['reason']} | {r['rows']:,} |" for r in records]
    return "\n".join(["| table | reason | rows |", "|---|---|--:|", *rows])


def _checks(corpus: Corpus) -> Iterator[dg.AssetCheckResult]:
    problem = ""
    try:
        corpus.validate()
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        problem = f"{len(cases)} cells do not fit, first: {cases.iloc[0].to_dict()}"
    except ValueError as error:
        problem = f"{error}."
    yield dg.AssetCheckResult(
        asset_key=RATINGS,
        check_name="schema",
        passed=not problem,
        description=problem or "All tables fit their schema.",
    )
    yield dg.AssetCheckResult(
        asset_key=RATINGS,
        check_name="rows_conserved",
        passed=all(
            counts.rows_in == counts.rows_kept + counts.rows_quarantined
            for counts in corpus.counts.values()
        ),
        description="; ".join(
            f"{name}: {c.rows_in:,} in = {c.rows_kept:,} kept + {c.rows_quarantined:,} quarantined"
            for name, c in corpus.counts.items()
        ),
    )
    n, people = len(corpus.comment_ratings), corpus.comment_ratings["rater_id"].nunique()
    yield dg.AssetCheckResult(
        asset_key=RATINGS,
        check_name="enough_ratings",
        passed=people >= 2,
        description=f"{n:,} ratings by {people:,} people."
        + ("" if people >= 2 else " How people differ cannot be learnt from fewer than two."),
    )
