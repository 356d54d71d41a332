"""`labelaudit label`: labels of one person in bulk, and the training of their model."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import (
    emit_json,
    json_option,
    output,
    plain,
    progress,
    say,
    say_result,
    table,
)
from labelaudit_dagster.commands.imported_sources import opened_file
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.home import prepare_home
from labelaudit_dagster.label_file import (
    FileLabel,
    LabelFile,
    RejectedRow,
    read_label_file,
    rejection_counts,
    rejection_sentence,
)
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.launch import TrainingOutcome
    from labelaudit_dagster.store import Database, LabelReceipt

_LISTED = 10


class UnusableLabelsError(ExpectedFailure, ValueError):
    """Nothing in a file of labels could be stored."""


class TrainingFailedError(ExpectedFailure, RuntimeError):
    """Labels were stored, and the training after it failed."""


@click.command()
@click.argument("user")
@click.option("--model", default="my_model", show_default=True, help="Name of the model.")
@click.option(
    "--from",
    "source",
    metavar="FILE.csv",
    type=click.Path(path_type=Path),
    help="Labels: a CSV file with the columns item_id (or text) and rating.",
)
@click.option("--no-train", is_flag=True, help="Store the labels only.")
@click.option(
    "--suggest",
    metavar="N",
    type=click.IntRange(1, 1000),
    help="Then list N comments whose labels would teach most.",
)
@json_option
def label(
    user: str, model: str, source: Path | None, no_train: bool, suggest: int | None, as_json: bool
) -> None:
    """Store labels of USER and train a model on them.

    A rating is a value of the corpus' scale; empty or -1 means unsure. The latest label of a
    comment counts. Rows that cannot be used are counted and named, and do not hold up the others.
    """
    if source is None and suggest is None:
        raise click.UsageError(
            "Give labels with --from FILE.csv, or ask for some with --suggest N."
        )
    settings = opening.settings()
    document: dict[str, Any] = {"user": user, "model": model}
    with progress("reading labels") as tell:
        if source is not None:
            document |= _store(settings, user, model, source)
            if not no_train:
                tell("training")
                document |= _train(settings, user, model)
        if suggest is not None:
            tell("choosing comments")
            document["suggestions"] = _suggestions(settings, user, model, suggest)
    if as_json:
        emit_json(document)
    else:
        _show(document)


def _store(settings: Settings, user: str, model: str, source: Path) -> dict[str, Any]:
    """Read the file and store what can be used.

    Raises:
        UnusableLabelsError: if that is nothing.
        StoreError: if the database fails, or the names cannot be kept.
    """
    from labelaudit_dagster.store import Database, Label, NoCorpusError, add_labels, corpus_scale

    with opened_file(source) as stream:
        content = stream.read()
    prepare_home(settings)
    with Database.open(settings.resolved_database_url) as database:
        scale = corpus_scale(database)
        if scale is None:
            raise NoCorpusError(
                "This home holds no comments to label yet; load some: labelaudit import ratings "
                "--help"
            )
        read = read_label_file(content, scale=scale, name=str(source))
        known, rejected = _resolved(database, read)
        counts = rejection_counts(rejected)
        if not known:
            why = rejection_sentence(counts) or "it has no rows"
            values = ", ".join(f"{value:g}" for value in scale.values)
            raise UnusableLabelsError(
                f"{source}: no label could be stored: {why}. The scale is {values}; empty or -1 "
                "is unsure. Nothing was stored."
            )
        receipt = add_labels(
            database,
            user,
            model,
            [Label(item, one.rating) for one, item in known],
            now=datetime.now(UTC),
        )
    return _stored_document(read, rejected, receipt)


def _resolved(
    database: Database, read: LabelFile
) -> tuple[list[tuple[FileLabel, int]], list[RejectedRow]]:
    """Find the comments; two names of one comment are one comment, where the last label counts."""
    from labelaudit_dagster.store import find_items

    names = [one.comment for one in read.labels]
    items = find_items(database, texts=names) if read.by_text else find_items(database, ids=names)
    rejected = list(read.rejected)
    known: dict[int, FileLabel] = {}
    for one in read.labels:
        item = items.get(one.comment)
        if item is None:
            rejected.append(RejectedRow(one.row_number, "unknown_comment", one.comment[:60]))
            continue
        if item in known:
            before = known.pop(item)
            rejected.append(RejectedRow(before.row_number, "superseded", before.comment[:60]))
        known[item] = one
    return (
        [(one, item) for item, one in known.items()],
        sorted(rejected, key=lambda row: row.row_number),
    )


def _stored_document(
    read: LabelFile, rejected: Sequence[RejectedRow], receipt: LabelReceipt
) -> dict[str, Any]:
    return {
        "rows_in": read.n_rows,
        "stored": receipt.stored,
        "unchanged": receipt.unchanged,
        "rejected": {
            "rows": len(rejected),
            "reasons": rejection_counts(list(rejected)),
            "first": [
                {"row": row.row_number, "reason": row.reason, "content": row.shown}
                for row in rejected[:_LISTED]
            ],
        },
        "label_sequence": receipt.sequence,
    }


def _train(settings: Settings, user: str, model: str) -> dict[str, Any]:
    """Train the model on what is stored now.

    Raises:
        TrainingFailedError: if the run failed; the labels are stored all the same.
        CorpusNotReadyError: if the corpus side was never made; likewise.
    """
    from labelaudit_dagster.launch import train_user
    from labelaudit_dagster.personal_audit import CorpusNotReadyError

    try:
        outcome = train_user(settings, user, model)
    except CorpusNotReadyError as error:
        raise TrainingFailedError(f"The labels are stored. {error}") from error
    if not outcome.succeeded:
        reasons = " ".join(outcome.run.problems) if outcome.run is not None else ""
        raise TrainingFailedError(
            f"The labels are stored, the training failed: {reasons} What was current before is "
            "unchanged."
        )
    return {"training": _training_document(settings, outcome, model)}


def _training_document(settings: Settings, outcome: TrainingOutcome, model: str) -> dict[str, Any]:
    from labelaudit_dagster.current_audit import read_current_audit

    current = read_current_audit(opening.artifact_store(settings), outcome.user)
    [metrics] = [one for one in current.models if one["model"] == model]
    return {
        "version": outcome.versions[model],
        "is_new": model in outcome.trained,
        "run_id": None if outcome.run is None else outcome.run.run_id,
        **{key: metrics[key] for key in ("n_labels", "honest_error", "disagreement")},
    }


def _suggestions(settings: Settings, user: str, model: str, n: int) -> list[dict[str, Any]]:
    """Choose comments to label next."""
    from labelaudit_dagster.labelling_suggestions import suggest_comments
    from labelaudit_dagster.personal_audit import CorpusSides

    store = opening.artifact_store(settings)
    side = CorpusSides(store).current()
    with opening.reading_database(settings) as database:
        return suggest_comments(store, database, side, user, model, n)


def _show(document: dict[str, Any]) -> None:
    if "rows_in" in document:
        rejected = document["rejected"]
        say_result(
            f"{document['stored']:,} labels stored for {document['user']}, model "
            f"{document['model']}; {document['unchanged']:,} were there already, "
            f"{rejected['rows']:,} of {document['rows_in']:,} rows were left out."
        )
        if rejected["rows"]:
            say_result(f"  {rejection_sentence(rejected['reasons'])}.")
            for row in rejected["first"]:
                say_result(f"  row {row['row']}: {row['reason']}: {row['content']}")
    training = document.get("training")
    if training is not None:
        _show_training(training)
        say(f"Next: labelaudit audit {shlex.quote(document['user'])}")
    if "suggestions" in document:
        shown = table("Label these next", [("item_id", True), ("comment", False)])
        for one in document["suggestions"]:
            shown.add_row(str(one["item_id"]), plain(one["text"][:300]))
        output().print(shown)


def _show_training(training: dict[str, Any]) -> None:
    from labelaudit_dagster.commands.audit import honest_sentence

    state = "trained" if training["is_new"] else "is up to date"
    say_result(f"Version {training['version']} {state}: {honest_sentence(training)}")
