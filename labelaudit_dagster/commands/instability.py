"""`labelaudit instability`: how far the accepted set depends on the seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import emit_json, json_option, output, progress, table
from labelaudit_dagster.commands.constitution import NoConstitutionError
from labelaudit_dagster.home import is_writable


def _tell(tell: Callable[[str], None], method: str, step: str, _share: float) -> None:
    tell(f"{method}: {step}")


@click.command()
@click.option("--seeds", default=10, show_default=True, type=click.IntRange(2, 1000))
@json_option
def instability(seeds: int, as_json: bool) -> None:
    """Factorize the current ratings once per seed, by both methods, and compare what is accepted.

    The notebook's gradient descent stops short of the optimum, wherever its random start took
    it; the exact method reaches the same optimum from every start. Nothing is stored.
    """
    from labelaudit_dagster.constitution import AcceptanceRule, accepted_mask
    from labelaudit_dagster.constitution.response_matrix import ResponseMatrix
    from labelaudit_dagster.factorization import (
        FactorizationParameters,
        configure_compilation_cache,
    )
    from labelaudit_dagster.factorization import instability as measure

    settings = opening.settings()
    store = opening.artifact_store(settings)
    ref = store.current("response_matrix")
    if ref is None:
        raise NoConstitutionError(
            "This home has no response matrix yet. Import ratings, then: "
            "labelaudit run constitution"
        )
    matrix = ResponseMatrix.from_members(store.load(ref))
    rule = AcceptanceRule(settings.intercept_threshold, settings.min_ratings, settings.min_support)
    if is_writable(settings.home):
        configure_compilation_cache(settings.cache_folder / "jax")
    results = {}
    with progress("starting") as tell:
        for method in ("gradient_descent", "exact"):
            results[method] = measure(
                matrix.rating_triples(),
                FactorizationParameters(
                    method=method,
                    lambda_intercept=settings.lambda_intercept,
                    lambda_factor=settings.lambda_factor,
                    ndim=settings.ndim,
                    learning_rate=settings.learning_rate,
                    iteration_cap=settings.iteration_cap,
                    tolerance=settings.tolerance,
                ),
                partial(accepted_mask, rule=rule),
                seeds=range(seeds),
                progress=partial(_tell, tell, method),
            )
    if as_json:
        emit_json(
            {
                name: {
                    "seeds": list(result.seeds),
                    "losses": [float(loss) for loss in result.losses],
                    "accepted": [
                        [str(matrix.guideline_ids.iloc[item]) for item in chosen]
                        for chosen in result.accepted
                    ],
                    "mean_jaccard": result.mean_jaccard,
                }
                for name, result in results.items()
            }
        )
        return
    shown = table(
        f"{seeds} seeds on {matrix.n_ratings:,} ratings",
        [
            ("method", False),
            ("loss", False),
            ("accepted", False),
            ("accepted by every seed", True),
            ("mean Jaccard overlap", True),
        ],
    )
    for name, result in results.items():
        sizes = [len(chosen) for chosen in result.accepted]
        shown.add_row(
            name,
            f"{min(result.losses):.6f} to {max(result.losses):.6f}",
            f"{min(sizes)} to {max(sizes)}",
            f"{len(result.in_all)}",
            f"{result.mean_jaccard:.3f}",
        )
    output().print(shown)
