"""`labelaudit publish`: send the current constitution to the platform, through the gate."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, output, plain, progress, say
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings

if TYPE_CHECKING:
    from labelaudit_dagster.publishing import Approval, PublicationOutcome
    from labelaudit_dagster.store import Publication

HELD_EXIT_CODE = 3

BARE: Final = "current"
"""What `--approve` without a number reads as."""

WHAT_IS_CURRENT: Final = 0
"""The number that it stands for; publications count from 1."""


class PublicationNumber(click.ParamType[int]):
    """The number of a publication, or `BARE`."""

    name = "publication"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, `WHAT_IS_CURRENT` for `BARE`."""
        if value == BARE:
            return WHAT_IS_CURRENT
        if str(value).isdecimal() and int(value) >= 1:
            return int(value)
        raise click.BadParameter(f"{value!r} is no number of a publication.", ctx, param)


_NO_PUBLICATION: dict[str, Any] = {"state": "none", "held_because": []}


class PublicationFailedError(ExpectedFailure, RuntimeError):
    """The constitution was not published; publishing again takes it up where it ended."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be sent and changed; send nothing.")
@click.option(
    "--approve",
    metavar="[N]",
    type=PublicationNumber(),
    is_flag=False,
    flag_value=BARE,
    help="Send publication N although it is held back for what changed. Without N: what is "
    "current, unless something else waits.",
)
@click.option(
    "--decline",
    metavar="N",
    type=click.IntRange(min=1),
    help="Leave publication N where it is held, with a reason: nobody is asked about it again.",
)
@click.option("--why", help="Why you approve or decline it; asked for where it is not given.")
@click.option("--by", help="Who approves or declines it. [default: your user name]")
@json_option
@click.pass_context
def publish(
    ctx: click.Context,
    dry_run: bool,
    approve: int | None,
    decline: int | None,
    why: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Publish the current constitution, if the gate lets it pass.

    Nothing is sent that the platform has already. A constitution that did not converge or is
    empty is never sent; one that changed more than LABELAUDIT_CHURN_LIMIT, or has undecided
    guidelines, waits for --approve or --decline and ends with exit code 3; the message names its
    number.
    """
    settings = opening.settings()
    if decline is not None:
        if approve is not None or dry_run:
            raise click.UsageError("--decline stands alone: without --approve and --dry-run.")
        declined = _decline(settings, decline, *_who_and_why("--decline", by, why))
        if as_json:
            emit_json(_record(declined))
        else:
            output().print(plain(f"Publication {decline} is declined; it stays where it is."))
        return
    approval = _approval(approve, by, why)
    if dry_run:
        outcome = _dry_run(settings, approval)
        _show_dry_run(outcome, as_json)
        if outcome.state == "held":
            ctx.exit(HELD_EXIT_CODE)
        return
    before = _last_sent(settings)
    with progress("publishing") as tell:
        _publish(settings, approval, tell)
    result = last_publication(settings)
    held = waiting_publication(settings)
    sent_now = result["state"] == "sent" and result["sequence"] != before
    if as_json:
        emit_json({**result, "sent_now": sent_now})
    elif held is None:
        output().print(plain(_sentence(result, sent_now)))
    if held is not None:
        say(f"Publication {held} is held back:")
        for reason in result["held_because"]:
            say(f"  {reason}")
        if result["declined_by"] is not None:
            say(f"  {result['declined_by']} declined it: {result['declined_why']}")
        say(
            "What would change: labelaudit publish --dry-run. To send it all the same: "
            f"labelaudit publish --approve {held}"
        )
        ctx.exit(HELD_EXIT_CODE)


def _approval(approve: int | None, by: str | None, why: str | None) -> Approval | None:
    """Return who approves what, and why; None where nobody does.

    Raises:
        UsageError: if it cannot be known, or is said without --approve.
    """
    if approve is None:
        if by or why:
            raise click.UsageError("--by and --why belong to --approve or --decline; give one.")
        return None
    from labelaudit_dagster.publishing import Approval

    by, why = _who_and_why("--approve", by, why)
    return Approval(by, why, None if approve == WHAT_IS_CURRENT else approve)


def _who_and_why(option: str, by: str | None, why: str | None) -> tuple[str, str]:
    """Return who decides and why; asked for, or the user, where it is not given.

    Raises:
        UsageError: if it cannot be known.
    """
    if not (why or "").strip():
        if not sys.stdin.isatty():
            raise click.UsageError(f"{option} needs a reason: --why 'we talked about it'.")
        why = click.prompt("Why?", err=True)
    if not (by or "").strip():
        try:
            by = getpass.getuser()
        except (KeyError, OSError):
            raise click.UsageError("Your user has no name here; say it: --by NAME.") from None
    return str(by), str(why)


def _decline(settings: Settings, number: int, by: str, why: str) -> Publication:
    """Record that a publication is to stay where it is held.

    Raises:
        PublicationFailedError: if it does not wait for a decision.
    """
    from labelaudit_dagster.store import Database, PublicationStateError, decline_publication

    try:
        with Database.open(settings.resolved_database_url) as database:
            return decline_publication(database, number, by=by, why=why, now=datetime.now(UTC))
    except PublicationStateError as error:
        raise PublicationFailedError(f"{error} Nothing was changed.") from None


def _publish(settings: Settings, approval: Approval | None, tell: Any) -> None:
    """Run the job that publishes.

    Raises:
        PublicationFailedError: with the reason, if it did not end well.
    """
    from labelaudit_dagster.launch import run_group

    config: dict[str, Any] = {}
    if approval is not None:
        config = {"approved_by": approval.by, "approved_why": approval.why}
        if approval.sequence is not None:
            config["approved_publication"] = approval.sequence
    outcome = run_group(
        settings,
        "constitution",
        job="publish_job",
        run_config={"ops": {"published_constitution": {"config": config}}},
        progress=tell,
    )
    if not outcome.succeeded:
        raise PublicationFailedError(" ".join(outcome.problems) or "Dagster does not say why.")


def _dry_run(settings: Settings, approval: Approval | None) -> PublicationOutcome:
    """Judge the current constitution without storing or sending anything."""
    from labelaudit_dagster.publishing import PublishingError, publish_current
    from labelaudit_dagster.resources.constitution_target import constitution_target

    with opening.reading_database(settings) as database:
        if database is None:
            raise PublishingError(
                "There is no constitution to publish yet: labelaudit run constitution"
            )
        return publish_current(
            opening.artifact_store(settings),
            database,
            constitution_target(settings),
            churn_limit=settings.churn_limit,
            churn_limit_unchanged=settings.resolved_churn_limit_unchanged,
            now=datetime.now(UTC),
            approval=approval,
            dry_run=True,
        )


def _show_dry_run(outcome: PublicationOutcome, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "state": outcome.state,
                "target": outcome.target,
                "constitution": outcome.ref.version,
                "held_because": list(outcome.reasons),
                "waived_by_approval": list(outcome.waived),
                "churn": outcome.churn,
                "changes": outcome.changes,
                "payload": outcome.payload,
            }
        )
        return
    console = output()
    verdict = {
        "would_send": "It would be sent.",
        "unchanged": "The target has it already; nothing would be sent.",
        "held": "It would be held back:",
    }[outcome.state]
    console.print(plain(f"Constitution {outcome.ref.version} to {outcome.target}: {verdict}"))
    for sentence in outcome.reasons:
        console.print(plain(f"  {sentence}"))
    for sentence in outcome.changes:
        console.print(plain(f"  {sentence}"))


def waiting_publication(settings: Settings) -> int | None:
    """Return the number of the publication that waits for approval, if there is one."""
    from labelaudit_dagster.resources.constitution_target import constitution_target
    from labelaudit_dagster.store import held_publication

    with opening.reading_database(settings) as database:
        if database is None:
            return None
        held = held_publication(database, target=constitution_target(settings).name)
    return None if held is None else held.sequence


def last_publication(settings: Settings) -> dict[str, Any]:
    """Return what is known of the publication that waits, else of the last one that was sent.

    Those of other targets and those that were withdrawn do not count; `{"state": "none"}` before
    the first.
    """
    from labelaudit_dagster.resources.constitution_target import constitution_target
    from labelaudit_dagster.store import held_publication, last_published

    with opening.reading_database(settings) as database:
        if database is None:
            return _NO_PUBLICATION
        target = constitution_target(settings).name
        found = held_publication(database, target=target) or last_published(database, target=target)
    return _NO_PUBLICATION if found is None else _record(found)


def _last_sent(settings: Settings) -> int | None:
    """Return the number of the publication that the target confirmed last, if there is one."""
    from labelaudit_dagster.resources.constitution_target import constitution_target
    from labelaudit_dagster.store import last_published

    with opening.reading_database(settings) as database:
        if database is None:
            return None
        last = last_published(database, target=constitution_target(settings).name)
    return None if last is None else last.sequence


def _record(publication: Publication) -> dict[str, Any]:
    def text(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat(timespec="seconds")

    return {
        "state": publication.state,
        "sequence": publication.sequence,
        "target": publication.target,
        "idempotency_key": publication.idempotency_key,
        "held_because": list(publication.held_because or ()),
        "approved_by": publication.approved_by,
        "approved_at": text(publication.approved_at),
        "approved_why": publication.approved_why,
        "declined_by": publication.declined_by,
        "declined_at": text(publication.declined_at),
        "declined_why": publication.declined_why,
        "finished_at": text(publication.finished_at),
        "receipt": None if publication.receipt is None else dict(publication.receipt),
    }


def _sentence(result: dict[str, Any], sent_now: bool) -> str:
    number, target = result.get("sequence"), result.get("target")
    if sent_now:
        return f"Sent to {target} (publication {number})."
    return (
        f"{target} has the current constitution since {result.get('finished_at')} "
        f"(publication {number}); nothing was sent."
    )
