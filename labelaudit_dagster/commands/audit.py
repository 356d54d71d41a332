"""`labelaudit audit`: topics in which the system disagrees with a person."""

from __future__ import annotations

from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import (
    emit_json,
    json_option,
    output,
    plain,
    say,
    say_result,
    table,
)
from labelaudit_dagster.current_audit import NoAuditError, read_current_audit


@click.command()
@click.argument("user")
@click.option("--model", help="Show this model alone.  [default: all]")
@click.option(
    "--top",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Topics to show for each model.",
)
@json_option
def audit(user: str, model: str | None, top: int, as_json: bool) -> None:
    """Show where the system decides otherwise than USER would.

    Over-sensitive: the system calls positive (toxic, say) what the person would not.
    Under-sensitive: the other way round. With --json every topic is listed.
    """
    settings = opening.settings()
    current = read_current_audit(opening.artifact_store(settings), user)
    models = [one for one in current.models if model in (None, one["model"])]
    if not models:
        names = ", ".join(one["model"] for one in current.models)
        raise NoAuditError(f"{user!r} has no trained model {model!r}; there are: {names}.")
    if as_json:
        emit_json({**current.to_document(), "models": models})
        return
    for one in models:
        show_model(user, one, current.scale, top)
    if _has_newer_labels(settings, user, models):
        say("There are newer labels, not trained on yet: labelaudit label USER --from FILE.csv")


def show_model(user: str, model: dict[str, Any], scale: dict[str, Any], top: int) -> None:
    """Print one model's audit."""
    say_result(f"{user}, model {model['model']}, version {model['version']}")
    say_result(f"  {honest_sentence(model)}")
    say_result(f"  {disagreement_sentence(model)}")
    differing = [row for row in model["topics"] if row["direction"]]
    if not differing:
        say_result("  In no topic does the system decide otherwise.")
        return
    shown = table(
        f"Topics where the system decides otherwise, surest first "
        f"(positive: above {scale['threshold']:g})",
        [
            ("topic", False),
            ("comments", True),
            ("the system is", False),
            ("there", True),
            ("at least", True),
            ("you", True),
            ("system", True),
        ],
    )
    for row in differing[:top]:
        side = "under" if row["direction"] == "under-sensitive" else "over"
        shown.add_row(
            plain(row["topic"]),
            f"{row['n_comments']:,}",
            row["direction"],
            f"{row[f'share_{side}']:.0%}",
            f"{row[f'{side}_low']:.0%}",
            f"{row['median_you']:.2f}",
            f"{row['median_system']:.2f}",
        )
    output().print(shown)
    left = len(differing) - top
    if left > 0:
        say_result(f"{left:,} more topics: --top {len(differing)}")


def honest_sentence(model: dict[str, Any]) -> str:
    """Say how wrong a model is about labels that it has not seen."""
    errors, n = model["honest_error"], model["n_labels"]
    labels = f"{n:,} label{'' if n == 1 else 's'}"
    if n == 0:
        return "no label to learn from; these are the predictions of an average person."
    if errors["mae_of_median"] is None:
        return f"{labels}; its error is unknown with fewer than two."
    return (
        f"{labels}; predicted from the others, a label is missed by {errors['mae_of_median']:.2f} "
        f"on average (median) or {errors['mae_of_mean']:.2f} (mean), and "
        f"{errors['decision_error_of_mean']:.0%} fall on the other side of the threshold."
    )


def disagreement_sentence(model: dict[str, Any]) -> str:
    """Say how far the system is from the model."""
    found = model["disagreement"]
    direction = "higher" if found["signed_avg_diff"] > 0 else "lower"
    return (
        f"The system differs from it by {found['mae']:.2f} on average over "
        f"{found['n_compared']:,} comments kept for this, and decides otherwise on "
        f"{found['decision_disagreement']:.0%}; you rate {abs(found['signed_avg_diff']):.2f} "
        f"{direction}."
    )


def _has_newer_labels(settings: Any, user: str, models: list[dict[str, Any]]) -> bool:
    """Whether there are labels that no training has seen."""
    from labelaudit_dagster.store import current_labels, list_trainings

    with opening.reading_database(settings) as database:
        if database is None:
            return False
        seen = {one.model: one.label_sequence for one in list_trainings(database, user)}
        labels = current_labels(database, user)
    newest: dict[str, int] = {}
    for model, sequence in zip(labels["model"].tolist(), labels["sequence"].tolist(), strict=True):
        newest[model] = max(sequence, newest.get(model, 0))
    shown = {one["model"] for one in models}
    return any(number > seen.get(name, 0) for name, number in newest.items() if name in shown)
