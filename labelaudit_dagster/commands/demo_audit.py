"""The audit half of `labelaudit demo`: a simulated person and a simulated system with faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.audit import show_model
from labelaudit_dagster.commands.import_ratings import store_corpus
from labelaudit_dagster.commands.run import compute_audit
from labelaudit_dagster.current_audit import read_current_audit
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.artifacts import ArtifactStore

_SHOWN = 5


def audit_sample(settings: Settings, tell: Callable[[str], None]) -> None:
    """Import the sample's corpus and the labels of its person, and audit.

    Args:
        settings: settings of the installation.
        tell: is told the progress.

    Raises:
        SecondSourceError: if the home holds another corpus.
        RunFailedError: if a run failed.
    """
    from labelaudit_dagster.sample import corpus, demo_user
    from labelaudit_dagster.store import Database, Label, add_labels

    tell("importing the sample's comments")
    store_corpus(settings, corpus(), "refuse", datetime.now(UTC))
    person = demo_user()
    ids, ratings = person.labels["item_id"].tolist(), person.labels["rating"].tolist()
    with Database.open(settings.resolved_database_url) as database:
        add_labels(
            database,
            person.user_id,
            person.model,
            [Label(item, rating) for item, rating in zip(ids, ratings, strict=True)],
            now=datetime.now(UTC),
        )
    compute_audit(settings, n_topics=None, use_text=True, tell=tell)


def show_sample_audit(settings: Settings) -> None:
    """Print the person's audit, and whether it found what was planted."""
    from labelaudit_dagster.sample import DEMO_MODEL, DEMO_USER

    store = opening.artifact_store(settings)
    audit = read_current_audit(store, DEMO_USER)
    [model] = [one for one in audit.models if one["model"] == DEMO_MODEL]
    click.echo(
        f"\nAudit: {DEMO_USER}, a simulated person, labelled {model['n_labels']} comments of a "
        "forum. From these the rating of every other\ncomment was predicted, and compared with a "
        "simulated moderation system."
    )
    show_model(audit.user, model, audit.scale, _SHOWN)
    click.echo(faults_note(store, model))


def faults_note(store: ArtifactStore, model: dict[str, Any]) -> str:
    """Say which faults were planted, and where the audit found each."""
    from labelaudit_dagster.sample import planted_faults

    ref = store.current("comment_topics")
    assert ref is not None  # noqa: S101 - the audit was made from it
    topic_of = store.load_table(ref, "comments").set_index("item_id")["topic"]
    lines = ["\nTwo faults had been planted in that system, of which the audit knew nothing:"]
    for fault in planted_faults():
        held = topic_of.loc[list(fault.item_ids)].value_counts()
        topic = str(held.index[0])
        ranks = [
            place
            for place, row in enumerate(
                (row for row in model["topics"] if row["direction"] == fault.direction), start=1
            )
            if row["topic"] == topic
        ]
        found = (
            f"the audit's no. {ranks[0]} among the {fault.direction} topics is {topic}"
            if ranks
            else "the audit did not find it"
        )
        lines.append(
            f"  {fault.direction} about {fault.theme} ({len(fault.item_ids)} comments): {found}."
        )
    return "\n".join(lines)
