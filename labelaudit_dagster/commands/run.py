"""`labelaudit run`: compute what the home's data allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, progress, say, say_result
from labelaudit_dagster.commands.constitution import show_constitution
from labelaudit_dagster.commands.publish import (
    HELD_EXIT_CODE,
    last_publication,
    waiting_publication,
)
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.launch import RunOutcome, run_audit, run_group
from labelaudit_dagster.settings import Settings

MODEL_OPTIONS: dict[str, type] = {
    "lambda_intercept": float,
    "lambda_factor": float,
    "ndim": int,
    "learning_rate": float,
    "iteration_cap": int,
    "tolerance": float,
    "seed": int,
}
RULE_OPTIONS: dict[str, type] = {
    "intercept_threshold": float,
    "min_ratings": int,
    "min_support": float,
}
INERTIA_OPTIONS: dict[str, type] = {"inertia": float, "support_inertia": float}


class RunFailedError(ExpectedFailure, RuntimeError):
    """A run ended without its result; what was current before still is."""


@click.group()
def run() -> None:
    """Compute from the data that this home holds."""


def _setting_options(
    names: dict[str, type],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add an option for each setting; not given, the setting itself counts."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for name, kind in reversed(names.items()):
            text = Settings.model_fields[name].description
            default = Settings.model_fields[name].default
            command = click.option(
                f"--{name.replace('_', '-')}", name, type=kind, help=f"{text} [{default:g}]"
            )(command)
        return command

    return add


@run.command()
@click.option(
    "--method",
    type=click.Choice(["exact", "gradient_descent"]),
    help="Solver; gradient_descent is the notebook's, whose result depends on its seed.",
)
@_setting_options(MODEL_OPTIONS)
@_setting_options(RULE_OPTIONS)
@_setting_options(INERTIA_OPTIONS)
@click.option("--skip-uncertainty", is_flag=True, help="Leave out bootstrap and leave-one-out.")
@click.option("--publish", is_flag=True, help="Publish what the gate lets pass.")
@json_option
@click.pass_context
def constitution(
    ctx: click.Context, /, skip_uncertainty: bool, publish: bool, as_json: bool, **options: Any
) -> None:
    """Turn the ratings into a constitution and show it.

    With --publish it goes to the platform through the same gate as `labelaudit publish`; a
    constitution that is held back ends the command with exit code 3.
    """
    settings = opening.settings()
    if options["method"] == "gradient_descent":
        say(
            "Warning: gradient_descent stops short of the optimum, and another seed gives another "
            "constitution (see `labelaudit instability`). Use exact for anything that matters."
        )
    with progress("starting") as tell:
        outcome = compute_constitution(
            settings,
            options=options,
            skip_uncertainty=skip_uncertainty,
            publish=publish,
            tell=tell,
        )
    for warning in outcome.warnings:
        say(f"Note: {warning}")
    store = opening.artifact_store(settings)
    if as_json:
        from labelaudit_dagster.current_constitution import read_current_constitution

        current = read_current_constitution(store)
        emit_json(
            {
                "run_id": outcome.run_id,
                "version": current.document["version"] if current else None,
                "accepted": current.document["accepted"] if current else [],
                "warnings": outcome.warnings,
                "publication": last_publication(settings) if publish else None,
            }
        )
    else:
        show_constitution(store, everything=False)
    if publish and (held := waiting_publication(settings)) is not None:
        say(
            f"Publication {held} is held back. See it: labelaudit publish --dry-run; approve it: "
            f"labelaudit publish --approve {held}"
        )
        ctx.exit(HELD_EXIT_CODE)


def compute_constitution(
    settings: Settings,
    *,
    options: dict[str, Any],
    skip_uncertainty: bool,
    tell: Callable[[str], None],
    publish: bool = False,
) -> RunOutcome:
    """Run the group `constitution`.

    Args:
        settings: settings of the installation.
        options: model and rule options by setting name; None stands for the setting's value.
        skip_uncertainty: leave out the asset `uncertainty`.
        tell: is told the progress.
        publish: publish it too, if the gate lets it pass.

    Raises:
        RunFailedError: with the reasons, if the run did not end well.
    """
    given = {name: value for name, value in options.items() if value is not None}
    rule = {name: value for name, value in given.items() if name in RULE_OPTIONS}
    inertia = {name: value for name, value in given.items() if name in INERTIA_OPTIONS}
    model = {
        name: value for name, value in given.items() if name not in {**RULE_OPTIONS, **inertia}
    }
    ops = {"factorization": {"config": model}, "constitution": {"config": {**rule, **inertia}}}
    if not skip_uncertainty:
        ops["uncertainty"] = {"config": rule}
    store = opening.artifact_store(settings)
    before = store.current("constitution")
    outcome = run_group(
        settings,
        "constitution",
        job="constitution_and_publish_job" if publish else None,
        skip=frozenset({"uncertainty"}) if skip_uncertainty else frozenset(),
        run_config={"ops": ops},
        progress=tell,
    )
    if not outcome.succeeded:
        reasons = " ".join(outcome.problems) or "Dagster does not say why."
        left = "What was current before is unchanged"
        if publish and store.current("constitution") != before:
            left = "The new constitution is current but not published; labelaudit publish does that"
        raise RunFailedError(f"{reasons} {left} (run {outcome.run_id}).")
    return outcome


@run.command()
@click.option("--n-topics", type=click.IntRange(1, 200), help="Topics to look for.  [by size]")
@click.option("--without-text", is_flag=True, help="Judge severities by the ratings alone.")
@json_option
def audit(n_topics: int | None, without_text: bool, as_json: bool) -> None:
    """Prepare the corpus, and make the results of everybody who has labelled.

    Topics, the system's ratings, splits and the comment model; then every user's models,
    predictions and audit.
    """
    settings = opening.settings()
    with progress("starting") as tell:
        outcomes = compute_audit(settings, n_topics=n_topics, use_text=not without_text, tell=tell)
    for warning in (warning for outcome in outcomes for warning in outcome.warnings):
        say(f"Note: {warning}")
    _show_corpus(settings, outcomes, as_json=as_json)


@run.command("all")
@click.option("--publish", is_flag=True, help="Publish what the gate lets pass.")
@json_option
@click.pass_context
def run_all(ctx: click.Context, /, publish: bool, as_json: bool) -> None:
    """Compute the constitution and the audits, whichever of the two there are data for."""
    settings = opening.settings()
    halves = _halves(settings)
    if not halves:
        raise RunFailedError(
            "This home holds neither guidelines nor comments; load some: labelaudit import --help"
        )
    document: dict[str, Any] = {}
    with progress("starting") as tell:
        if "constitution" in halves:
            outcome = compute_constitution(
                settings, options={}, skip_uncertainty=False, tell=tell, publish=publish
            )
            document["constitution"] = {"run_id": outcome.run_id, "warnings": outcome.warnings}
        if "audit" in halves:
            outcomes = compute_audit(settings, n_topics=None, use_text=True, tell=tell)
            document["audit"] = {
                "run_ids": [outcome.run_id for outcome in outcomes],
                "warnings": [text for outcome in outcomes for text in outcome.warnings],
            }
    if as_json:
        emit_json(document)
    for name, half in document.items():
        for warning in half["warnings"]:
            say(f"Note: {name}: {warning}")
        if not as_json and name == "constitution":
            show_constitution(opening.artifact_store(settings), everything=False)
        if not as_json and name == "audit":
            _show_corpus(settings, outcomes, as_json=False)
    if publish and (held := waiting_publication(settings)) is not None:
        say(
            f"Publication {held} is held back. See it: labelaudit publish --dry-run; approve it: "
            f"labelaudit publish --approve {held}"
        )
        ctx.exit(HELD_EXIT_CODE)


def compute_audit(
    settings: Settings, *, n_topics: int | None, use_text: bool, tell: Callable[[str], None]
) -> list[RunOutcome]:
    """Run the group `audit` and then every user.

    Raises:
        RunFailedError: with the reasons, if a run did not end well.
    """
    ops = {
        "comment_topics": {"config": {} if n_topics is None else {"n_topics": n_topics}},
        "comment_model": {"config": {"use_text": use_text}},
    }
    outcomes = run_audit(settings, run_config={"ops": ops}, progress=tell)
    last = outcomes[-1]
    if not last.succeeded:
        reasons = " ".join(last.problems) or "Dagster does not say why."
        left = "What was current before is unchanged"
        if len(outcomes) > 1:
            left = "The corpus and the other users are up to date"
        raise RunFailedError(f"{reasons} {left} (run {last.run_id}).")
    return outcomes


def _halves(settings: Settings) -> list[str]:
    """Return which of the two groups there are data for."""
    from labelaudit_dagster.store import corpus_scale, current_ids

    found = ["constitution"] if settings.platform_url is not None else []
    with opening.reading_database(settings) as database:
        if database is None:
            return found
        if not found and current_ids(database).guidelines:
            found.append("constitution")
        if corpus_scale(database) is not None:
            found.append("audit")
    return found


def _show_corpus(settings: Settings, outcomes: list[RunOutcome], *, as_json: bool) -> None:
    """Print what the corpus side and the users came to."""
    from labelaudit_dagster.current_corpus import read_current_corpus

    document = read_current_corpus(opening.artifact_store(settings))
    if as_json:
        emit_json(
            {
                "run_ids": [outcome.run_id for outcome in outcomes],
                "warnings": [text for outcome in outcomes for text in outcome.warnings],
                **document,
            }
        )
        return
    say_result(
        f"{document['comments']:,} comments in {document['topics']:,} topics, with "
        f"{document['ratings']:,} ratings by {document['raters']:,} people; {document['users']:,} "
        f"people have models. The system's ratings: {document['system']}."
    )
    if not document["users"]:
        say("Next: labelaudit label USER --suggest 20, then labelaudit label USER --from FILE.csv")
    else:
        say("Next: labelaudit audit USER")
