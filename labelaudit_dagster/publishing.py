"""Publishing the current constitution: judged, numbered, sent once, remembered.

The application database decides what was published; the artifact store keeps the versions that
were. A crash between any two steps is made good by publishing again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from labelaudit_dagster.artifacts import ArtifactError, ArtifactRef
from labelaudit_dagster.constitution import (
    RATINGS_FIELD,
    GateDecision,
    difference_sentences,
    publication_gate,
    publication_payload,
)
from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
from labelaudit_dagster.factorization.tables import factor_columns
from labelaudit_dagster.failures import ExpectedFailure

if TYPE_CHECKING:
    from labelaudit_dagster.artifacts import ArtifactStore
    from labelaudit_dagster.resources.constitution_target import ConstitutionTarget
    from labelaudit_dagster.store import Database, Publication

VERSION_FIELD = "constitution_version"
"""Field of a receipt that names the artifact version that was sent."""

MATRIX = "response_matrix"
"""Artifact with the ratings that a constitution was made from."""

State = Literal["sent", "unchanged", "held", "would_send"]


class PublishingError(ExpectedFailure, RuntimeError):
    """Nothing can be published as things are."""


@dataclass(frozen=True)
class Approval:
    """Somebody's word that a held constitution may go out.

    Attributes:
        by: who.
        why: why, in their words.
        sequence: number of the publication that they have seen; None for what is current.
    """

    by: str
    why: str
    sequence: int | None = None


@dataclass(frozen=True)
class PublicationOutcome:
    """What became of publishing.

    Attributes:
        state: `sent`; `unchanged` (the target has this content already, nothing was sent);
            `held` (the gate refused, or somebody declined it); `would_send` (a dry run that the
            gate would let pass).
        ref: the constitution.
        target: where to.
        sequence: number of the publication; None in a dry run of what has none yet.
        idempotency_key: what the target recognises it by; None likewise.
        reasons: why it is held; empty otherwise.
        waived: what an approval overrode.
        churn: share of accepted guidelines that changed sides; None at the first publication.
        changes: sentences, what differs from what was published last.
        payload: what is, or would be, sent.
        receipt: what the target answered; None where nothing was sent.
    """

    state: State
    ref: ArtifactRef
    target: str
    sequence: int | None
    idempotency_key: str | None
    reasons: tuple[str, ...]
    waived: tuple[str, ...]
    churn: float | None
    changes: list[str]
    payload: dict[str, Any] = field(repr=False)
    receipt: dict[str, Any] | None = None


@contextmanager
def _with_artifacts_at_hand() -> Iterator[None]:
    """Turn failures of the artifact store into one of publishing; they name cause and advice."""
    try:
        yield
    except ArtifactError as error:
        raise PublishingError(f"Nothing was sent: {error}") from error


def publish_current(
    store: ArtifactStore,
    database: Database,
    target: ConstitutionTarget,
    *,
    ref: ArtifactRef | None = None,
    churn_limit: float,
    churn_limit_unchanged: float | None = None,
    now: datetime,
    approval: Approval | None = None,
    dry_run: bool = False,
) -> PublicationOutcome:
    """Publish a constitution if the gate lets it pass and the target does not have it yet.

    Args:
        store: the artifact store.
        database: the application database.
        target: where to.
        ref: the constitution; by default the current one.
        churn_limit: largest churn that passes unapproved, in [0, 1].
        churn_limit_unchanged: the same where no rating has changed since the last publication;
            None for `churn_limit`.
        now: the time, with its zone.
        approval: overrides churn and undecided guidelines; it is recorded. It counts for the
            publication that it names; one without a number for what is current, unless other
            content waits.
        dry_run: judge only; nothing is stored and nothing sent.

    Raises:
        PublishingError: there is no constitution, or what the artifact store holds of it or of
            the last published one is missing or damaged, or the approval is for another
            publication than the current constitution's; nothing was sent.
        ExpectedFailure: the database failed, or the target did not confirm. The publication is
            resumed under the same key by publishing again.
    """
    from labelaudit_dagster.store import (
        begin_publication,
        find_publication,
        finish_publication,
        held_publication,
    )

    with _with_artifacts_at_hand():
        ref = ref or store.current("constitution")
        if ref is None:
            raise PublishingError(
                "There is no constitution to publish yet: labelaudit run constitution"
            )
        document = store.load_json(ref, "document")
        payload = _payload(store, ref, document)
    known = find_publication(database, payload, target=target.name)
    if approval is not None:
        _check_approval(approval, known, held_publication(database, target=target.name))
    approved = approval is not None or (known is not None and known.approved_at is not None)
    limits = (churn_limit, churn_limit_unchanged)
    gate = _judge(store, database, target.name, (ref, document), limits, approved=approved)
    declined = () if approved else _declined(known)

    def outcome(
        state: State, publication: Any, receipt: dict[str, Any] | None = None
    ) -> PublicationOutcome:
        return PublicationOutcome(
            state,
            ref,
            target.name,
            None if publication is None else publication.sequence,
            None if publication is None else publication.idempotency_key,
            (*gate.held_reasons, *declined) if state == "held" else (),
            gate.waived_reasons,
            gate.churn,
            difference_sentences(gate.changes),
            payload,
            receipt,
        )

    if known is not None and known.is_sent:
        if not dry_run and held_publication(database, target=target.name) is not None:
            # What waits is older than the constitution that the target has; this withdraws it.
            begin_publication(database, payload, now=now, target=target.name)
        return outcome("unchanged", known, dict(known.receipt or {}))
    # What was begun passed the gate then; it may have arrived, so it is finished, not held.
    begun = known is not None and known.state == "begun"
    # Nor does what a person declined go out where the gate has come to let it pass.
    passes = begun or (gate.publish and not declined)
    if dry_run:
        return outcome("would_send" if passes else "held", known)
    if not begun and (not passes or gate.waived_reasons or _declined(known)):
        held = _hold(database, payload, target.name, gate, now, approval)
        if not passes:
            return outcome("held", held)
    # Kept for ever, since later constitutions are compared with what was published.
    with _with_artifacts_at_hand():
        store.pin(ref, f"published to {target.name}")
    publication = begin_publication(database, payload, now=now, target=target.name)
    if publication.is_sent:
        return outcome("unchanged", publication, dict(publication.receipt or {}))
    receipt = target.send(database, payload, publication.idempotency_key, now)
    receipt = {**receipt, VERSION_FIELD: ref.version}
    finish_publication(database, publication.sequence, receipt=receipt, now=now)
    return outcome("sent", publication, receipt)


def _declined(known: Publication | None) -> tuple[str, ...]:
    """Say who declined it and why, where somebody did; nothing otherwise."""
    if known is None or known.declined_at is None:
        return ()
    return (f"{known.declined_by} declined publication {known.sequence}: {known.declined_why}",)


def _check_approval(
    approval: Approval, current: Publication | None, waiting: Publication | None
) -> None:
    """Refuse an approval of something else than what would be sent.

    Args:
        approval: what somebody says.
        current: the publication of the current constitution, where there is one.
        waiting: the publication that waits for the target.

    Raises:
        PublishingError: it names a publication that is not the current constitution's, or none
            while an older constitution waits.
    """
    named, now = approval.sequence, None if current is None else current.sequence
    if named is None and (waiting is None or waiting.sequence == now):
        return
    if named is not None and named == now:
        return
    if waiting is None:
        raise PublishingError(
            f"Publication {named} does not wait for approval; nothing does. Nothing was sent. "
            "See what would be: labelaudit publish --dry-run"
        )
    number = waiting.sequence
    if number != now:
        raise PublishingError(
            f"Publication {number} waits, but the current constitution is another one than it "
            "shows. Nothing was sent. See what would change: labelaudit publish --dry-run; then "
            "labelaudit publish gives the current one a number of its own, to be approved by."
        )
    raise PublishingError(
        f"Publication {named} does not wait for approval; publication {number} does. Nothing was "
        f"sent. See what it would change: labelaudit publish --dry-run; then: --approve {number}"
    )


def _payload(store: ArtifactStore, ref: ArtifactRef, document: dict[str, Any]) -> dict[str, Any]:
    """Return the body of the POST, from the very factorization that the document was made from."""
    solution = store.resolve_upstream(ref, "factorization")
    raters = store.load_table(solution, "raters")
    return publication_payload(
        document,
        rater_ids=list(raters["participant_id"]),
        rater_intercepts=raters["intercept"].to_numpy(),
        rater_factors=factor_columns(raters),
        mu=store.load_json(solution, "model")["mu"],
    )


def _judge(
    store: ArtifactStore,
    database: Database,
    target: str,
    made: tuple[ArtifactRef, dict[str, Any]],
    limits: tuple[float, float | None],
    *,
    approved: bool,
) -> GateDecision:
    """Apply the gate against what the target got last."""
    from labelaudit_dagster.store import last_published

    ref, document = made
    last = last_published(database, target=target)
    previous = None
    if last is not None:
        try:
            before = ArtifactRef("constitution", None, str((last.receipt or {}).get(VERSION_FIELD)))
            previous = {**store.load_json(before, "document"), "version": before.version}
        except ArtifactError as error:
            raise PublishingError(
                f"Publication {last.sequence} went to {target}, but its constitution is not in the "
                "artifact store, so nobody can say what would change. Restore the artifacts of "
                "this home, or start a new home."
            ) from error
        document = _with_ratings(store, ref, document)
        previous = _with_ratings(store, before, previous)
    return publication_gate(
        document, previous, limits[0], churn_limit_unchanged=limits[1], approved=approved
    )


def _with_ratings(store: ArtifactStore, ref: ArtifactRef, document: dict[str, Any]) -> Any:
    """Return a document that says which ratings it was made from.

    Documents of earlier versions of the program do not say it; the matrix that they were made
    from does. Where that is not known either, the gate takes the ratings to have changed.
    """
    if RATINGS_FIELD in document["provenance"]:
        return document
    try:
        matrix = ResponseMatrix.from_members(store.load(store.resolve_upstream(ref, MATRIX)))
    except ArtifactError:
        return document
    return {
        **document,
        "provenance": {**document["provenance"], RATINGS_FIELD: matrix.fingerprint()},
    }


def _hold(
    database: Database,
    payload: dict[str, Any],
    target: str,
    gate: GateDecision,
    now: datetime,
    approval: Approval | None,
) -> Any:
    """Record that it waits, and the approval where there is one that suffices."""
    from labelaudit_dagster.store import approve_publication, hold_publication

    reasons = (*gate.held_reasons, *gate.waived_reasons)
    held = hold_publication(database, payload, because=reasons, now=now, target=target)
    if approval is not None and gate.publish and held.approved_at is None:
        held = approve_publication(
            database, held.sequence, by=approval.by, why=approval.why, now=now
        )
    return held


@dataclass(frozen=True)
class InForce:
    """What a target was told last: the state that inertia keeps.

    Attributes:
        accepted: ids of the guidelines that are published as accepted.
        publication: number of the publication; None before the first.
        version: the constitution that was published; None where the receipt does not name it.
    """

    accepted: frozenset[str] = frozenset()
    publication: int | None = None
    version: str | None = None


def in_force(database: Database, target: str) -> InForce:
    """Return what is published; nothing before the first publication.

    It is read from the publication itself, so that it does not depend on kept artifacts.

    Raises:
        StoreError: the database failed.
    """
    from labelaudit_dagster.store import last_published
    from labelaudit_dagster.store import publication_payload as sent_payload

    last = last_published(database, target=target)
    if last is None:
        return InForce()
    accepted = sent_payload(database, last)["accepted_guideline_ids"]
    version = (last.receipt or {}).get(VERSION_FIELD)
    return InForce(frozenset(accepted), last.sequence, version)
