"""Collecting demographics: every study fetched, reduced, sent once for each content.

A study that fails is named and remembered, and the others go on. A crash between any two steps is
made good by collecting again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    from labelaudit_dagster.importers import DemographicColumns, ReducedRows
    from labelaudit_dagster.prolific_client import ProlificClient
    from labelaudit_dagster.resources.demographics import DemographicsTarget
    from labelaudit_dagster.store import Database

StudyState = Literal["sent", "unchanged", "would_send", "empty", "failed"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class StudyOutcome:
    """What became of one study. Holds numbers, never anything of a row.

    Attributes:
        study_id: the study.
        state: `sent`; `unchanged` (the target has this content already); `would_send` (a dry
            run); `empty` (nobody has taken part, and the target knows nobody either); `failed`.
        rows_in: rows of its export; None where it did not come.
        rows_kept: people that are kept.
        dropped: rows that were left out, by reason.
        sequence: number of the sending; None where there is none.
        problem: why it failed; None where it did not.
    """

    study_id: str
    state: StudyState
    rows_in: int | None = None
    rows_kept: int | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    sequence: int | None = None
    problem: str | None = None


@dataclass(frozen=True)
class CollectionOutcome:
    """What became of collecting.

    Attributes:
        target: where to.
        columns: the allowed columns.
        studies: in Prolific's order; those that failed before and are not in its list any more
            follow.
    """

    target: str
    columns: tuple[str, ...]
    studies: tuple[StudyOutcome, ...]

    @property
    def failed(self) -> tuple[StudyOutcome, ...]:
        """The studies that failed."""
        return tuple(study for study in self.studies if study.state == "failed")

    def document(self) -> dict[str, Any]:
        """Return everything as plain JSON."""
        return {
            "target": self.target,
            "columns": list(self.columns),
            "studies": [{**vars(study), "dropped": dict(study.dropped)} for study in self.studies],
        }

    def failure_sentence(self) -> str | None:
        """Return what failed and why; None where nothing did."""
        if not self.failed:
            return None
        count, of = len(self.failed), len(self.studies)
        reasons = " ".join(f"Study {study.study_id}: {study.problem}" for study in self.failed)
        return f"{count} of {of} studies failed and will be tried again at the next run. {reasons}"


def collect_demographics(
    prolific: ProlificClient,
    database: Database | None,
    target: DemographicsTarget,
    columns: DemographicColumns,
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> CollectionOutcome:
    """Fetch every study, and send those whose content the target does not have yet.

    Args:
        prolific: where they come from.
        database: the application database; may be None in a dry run before anything was stored.
        target: where to.
        columns: what is kept of a person.
        now: the time, with its zone.
        dry_run: fetch only; nothing is stored and nothing sent.
        progress: is told in a few words which study is next.

    Raises:
        ExpectedFailure: the list of studies did not come, or the database failed. What was sent
            before stays sent, and is not sent again.
    """
    from labelaudit_dagster.store import StoreError, failed_studies

    known = [] if database is None else failed_studies(database, target=target.name)
    remembered = [study.study_id for study in known]
    outcomes = []
    for study_id in dict.fromkeys([*prolific.study_ids(), *remembered]):
        if progress is not None:
            progress(f"study {study_id}")
        try:
            found = prolific.reduced_export(study_id, columns)
            outcomes.append(_deliver(database, target, study_id, found, now, dry_run=dry_run))
        except StoreError:
            raise  # nothing can be remembered either
        except ExpectedFailure as failure:
            outcomes.append(StudyOutcome(study_id, "failed", problem=str(failure)))
        if database is not None and not dry_run:
            _remember(database, target.name, outcomes[-1], now)
    return CollectionOutcome(target.name, columns.names, tuple(outcomes))


def _deliver(
    database: Database | None,
    target: DemographicsTarget,
    study_id: str,
    found: ReducedRows,
    now: datetime,
    *,
    dry_run: bool,
) -> StudyOutcome:
    """Send a study's content unless the target was sent it last."""
    from labelaudit_dagster.store import (
        begin_sending,
        demographics_hash,
        finish_sending,
        last_sending,
    )

    def outcome(state: StudyState, sequence: int | None) -> StudyOutcome:
        return StudyOutcome(
            study_id, state, found.rows_in, len(found.rows), found.dropped, sequence
        )

    last = None if database is None else last_sending(database, study_id, target=target.name)
    if not found.rows and last is None:
        return outcome("empty", None)
    if not found.rows_in and last is not None and last.row_count:
        # Submissions do not vanish; an empty file in their place is a fault of the other side.
        problem = (
            f"Its export has no row any more, although {last.row_count} people were sent before; "
            "nothing was sent. Look at the study in Prolific."
        )
        return StudyOutcome(study_id, "failed", 0, 0, problem=problem)
    digest = demographics_hash(study_id, found.rows)
    if last is not None and last.is_sent and last.content_hash == digest:
        return outcome("unchanged", last.sequence)
    if dry_run or database is None:
        return outcome("would_send", None)
    sending = begin_sending(database, study_id, found.rows, target=target.name, now=now)
    receipt = target.send(database, study_id, found.rows, sending.idempotency_key, now)
    finish_sending(database, sending.sequence, receipt=receipt, now=now)
    return outcome("sent", sending.sequence)


def _remember(database: Database, target: str, outcome: StudyOutcome, now: datetime) -> None:
    from labelaudit_dagster.store import forget_failure, remember_failure

    if outcome.problem is None:
        forget_failure(database, outcome.study_id, target=target)
    else:
        remember_failure(database, outcome.study_id, outcome.problem, target=target, now=now)
