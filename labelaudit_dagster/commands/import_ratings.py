"""`labelaudit import ratings`: load comments and their ratings into this home."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, progress, say, say_result
from labelaudit_dagster.commands.imported_sources import (
    UnusableSourceError,
    chosen_mode,
    counted,
    judge,
    mode_options,
    named_failures,
    opened_file,
    show_counts,
    show_left_out,
)
from labelaudit_dagster.home import exclusive, prepare_home
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.auditing.rating_scale import RatingScale
    from labelaudit_dagster.importers import Corpus, RatingColumns, SystemScores, TableFile
    from labelaudit_dagster.store import CorpusImportReport, ImportMode, RowChanges


@click.command("ratings")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--rater", default="rater_id", show_default=True, help="Column: who rated.")
@click.option("--item", default="item_id", show_default=True, help="Column: id of the comment.")
@click.option("--rating", default="rating", show_default=True, help="Column: the rating, a number.")
@click.option("--text", default="text", show_default=True, help="Column: the comment's text.")
@click.option("--time", help="Column: when it was rated, so that the latest of several counts.")
@click.option(
    "--demographics",
    multiple=True,
    metavar="COLUMNS",
    help="Columns with attributes of raters, as age,gender=sex to give a column another name.",
)
@click.option(
    "--categories",
    multiple=True,
    metavar="NAME=COLUMN,…",
    help="Columns with category shares, or truth values, such as is_insult_frac=insult.",
)
@click.option(
    "--scale",
    help="The scale's values, as 1:5 or 0,1,2.  [default: the whole numbers that occur]",
)
@click.option(
    "--threshold",
    type=float,
    help="Ratings above it are positive (toxic, say).  [default: the middle of the scale]",
)
@click.option("--labels", metavar="TEXT,…", help="What people read for each value of the scale.")
@click.option(
    "--system-scores",
    metavar="FILE|COLUMN",
    help="Scores of the audited system: a column here, or a file with a row for each comment.",
)
@click.option(
    "--system-columns",
    metavar="ITEM,SCORE",
    help="Columns of that file.  [default: as --item, and system_rating or the only other one]",
)
@click.option(
    "--system-range",
    metavar="LOW:HIGH",
    help="Lowest and highest possible score, as 0:1, to map onto the scale.  [default: the scale]",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "parquet"]),
    help="What FILE is.  [default: by its first bytes]",
)
@mode_options
def ratings(
    file: Path,
    *,
    system_scores: str | None,
    system_columns: str | None,
    replace: bool,
    merge: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Load ratings of comments: a CSV or Parquet FILE with a row for each rating.

    Rows that cannot be used are kept aside with the reason. Demographics are loaded only where
    you name their columns.
    """
    if system_scores is None and (system_columns or options["system_range"]):
        raise click.UsageError("--system-columns and --system-range go with --system-scores.")
    mode = chosen_mode(replace=replace, merge=merge)
    settings = opening.settings()
    now = datetime.now(UTC)
    with progress(f"reading {file}") as tell:
        with named_failures(str(file)):
            opened, columns, scores_file = _opened(file, system_scores, options)
            corpus = _read(opened, columns, options, now)
        if scores_file is not None:
            tell(f"reading {scores_file}")
            with named_failures(str(scores_file)):
                scores = _read_scores(scores_file, corpus, system_columns, options)
            corpus = _with_scores(corpus, scores)
        judge(corpus, "comment_ratings", str(file), settings)
        tell("storing")
        report = store_corpus(settings, corpus, mode, now)
    unused = [column for column in dict.fromkeys(opened.header) if column not in columns.all]
    if as_json:
        emit_json(report_document(corpus, report) | {"unused_columns": unused})
        return
    show_report(corpus, report, origin=file.name, scale_given=options["scale"] is not None)
    if unused:
        say_result(f"Columns not used: {', '.join(unused)}.")
    say("Next: labelaudit run audit")


def store_corpus(
    settings: Settings, corpus: Corpus, mode: ImportMode, now: datetime
) -> CorpusImportReport:
    """Store a corpus in the home's database."""
    from labelaudit_dagster.store import Database, import_corpus

    prepare_home(settings)
    with (
        exclusive(settings, "import"),
        Database.open(settings.resolved_database_url) as database,
    ):
        return import_corpus(database, corpus, mode=mode, now=now)


def report_document(corpus: Corpus, report: CorpusImportReport) -> dict[str, Any]:
    """Return what `--json` prints of an import."""
    return {
        "source": report.source,
        "is_new": report.is_new,
        "prefix": report.prefix,
        "replaced": list(report.replaced),
        "altered": report.altered,
        "scale": corpus.scale.to_document(),
        **counted(corpus),
        "changes": {
            "comments": _changes(report.comments),
            "raters": _changes(report.raters),
            "comment_ratings": _changes(report.comment_ratings),
            "system_ratings": _changes(report.system_ratings),
        },
        "labels_outside": report.labels_outside,
    }


def show_report(
    corpus: Corpus, report: CorpusImportReport, *, origin: str, scale_given: bool
) -> None:
    """Print what was kept, what was not and why, and the scale."""
    show_counts(corpus, f"Imported {origin}")
    passed = corpus.counts["comment_ratings"].rows_passed
    if passed:
        say_result(f"{passed:,} rows hold a comment without a rating.")
    show_left_out(corpus)
    say_result(_scale_sentence(corpus.scale, scale_given))
    if report.prefix:
        say_result(f"Its ids begin with {report.prefix} here.")
    if report.replaced:
        say_result(f"Replaced: {', '.join(report.replaced)}.")
    if report.labels_outside:
        say_result(
            f"{report.labels_outside:,} labels are of comments that are not here; they are kept "
            "and do not count."
        )


def _opened(
    path: Path, system_scores: str | None, options: dict[str, Any]
) -> tuple[TableFile, RatingColumns, Path | None]:
    """Open the table, and find out which column holds what and whether scores have a file."""
    from labelaudit_dagster.importers import RatingColumns, TableFile, parse_named_columns

    main = [options[name] for name in ("rater", "item", "rating", "text")]
    with opened_file(path) as stream:
        table = TableFile(stream, path.name, file_format=options["file_format"], expected=main)
    in_column = system_scores is not None and system_scores in table
    columns = RatingColumns(
        rater=options["rater"],
        item=options["item"],
        rating=options["rating"],
        text=options["text"],
        time=options["time"],
        demographics=parse_named_columns(options["demographics"], table.header),
        categories=parse_named_columns(options["categories"], table.header),
        system_score=system_scores if in_column else None,
    )
    if system_scores is None or in_column:
        return table, columns, None
    scores_file = Path(system_scores)
    if not scores_file.is_file():
        raise UnusableSourceError(
            f"--system-scores: '{system_scores}' is neither a column of {path} nor a file; "
            f"its columns are {', '.join(table.header)}."
        )
    return table, columns, scores_file


def _read(
    table: TableFile, columns: RatingColumns, options: dict[str, Any], now: datetime
) -> Corpus:
    from labelaudit_dagster.auditing.rating_scale import RatingScale
    from labelaudit_dagster.importers import parse_scale_values, read_ratings

    threshold = options["threshold"]
    labels = _parts(options["labels"])
    scale = None
    if options["scale"] is not None:
        values = parse_scale_values(options["scale"])
        scale = RatingScale.from_values(values, threshold=threshold, labels=labels)
    return read_ratings(
        table,
        columns=columns,
        now=now,
        name=table.name,
        scale=scale,
        threshold=threshold,
        labels=labels,
        score_range=_score_range(options),
    )


def _read_scores(
    path: Path, corpus: Corpus, system_columns: str | None, options: dict[str, Any]
) -> SystemScores:
    from labelaudit_dagster.importers import read_system_scores

    item, score = options["item"], None
    if system_columns is not None:
        item, comma, score = (part.strip() for part in system_columns.partition(","))
        if not (item and comma and score):
            raise click.UsageError("--system-columns takes two columns: ITEM,SCORE.")
    with opened_file(path) as stream:
        return read_system_scores(
            stream,
            scale=corpus.scale,
            comments=corpus.comments,
            name=path.name,
            item=item,
            score=score,
            score_range=_score_range(options),
        )


def _with_scores(corpus: Corpus, scores: SystemScores) -> Corpus:
    from labelaudit_dagster.importers import with_system_scores

    return with_system_scores(corpus, scores)


def _score_range(options: dict[str, Any]) -> tuple[float, float] | None:
    from labelaudit_dagster.importers import parse_range

    return None if options["system_range"] is None else parse_range(options["system_range"])


def _parts(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",")]


def _changes(changes: RowChanges) -> dict[str, int]:
    return {
        "added": changes.added,
        "changed": changes.changed,
        "ended": changes.ended,
        "unchanged": changes.unchanged,
    }


def _scale_sentence(scale: RatingScale, given: bool) -> str:
    levels = ", ".join(
        f"{value:g}" if label == f"{value:g}" else f"{value:g} ({label})"
        for value, label in zip(scale.values, scale.labels, strict=True)
    )
    origin = "" if given else " (the values that occur; --scale sets others)"
    return f"Scale{origin}: {levels}; positive above {scale.threshold:g}."
