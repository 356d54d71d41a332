"""The tables: figures of every model, what is required of ours, and the choice of labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.personal_models.picking import ACTIVE, RANDOM, SPREAD, STEPS
from benchmarks.personal_models.trials import (
    BASELINES,
    FIGURES,
    OURS,
    RECIPE,
    WITHOUT_TEXT,
)

NAMES = {
    "mae": "MAE of the median",
    "rmse": "RMSE of the mean",
    "decision_error": "decision error",
}
RATIO_BARS = {
    "mae": {5: 0.75, 10: 0.75, 20: 0.76},
    "rmse": {5: 0.92, 10: 0.92, 20: 0.935},
    "decision_error": {5: 0.97, 10: 0.97, 20: 0.97},
}
AIMS = {"mae": 0.72, "rmse": 0.91, "decision_error": 0.92}
WORSE_BY = 0.005
COVERAGE = (0.78, 0.82)


@dataclass(frozen=True)
class Check:
    """One requirement; `passed` is None where a figure is only reported."""

    what: str
    cells: tuple[str, ...]
    bar: str
    passed: bool | None


def by_rater(scores: pd.DataFrame) -> pd.DataFrame:
    """Return each rater's figures, averaged over the orders; index model, n, rater."""
    return scores.groupby(["model", "n", "rater"])[list(FIGURES)].mean()


def model_table(raters: pd.DataFrame, labels: tuple[int, ...]) -> str:
    """Return the figures of every model, means over raters."""
    mean = raters.groupby(["model", "n"]).mean()
    heads = " | ".join(f"{n} labels" for n in labels)
    lines = [
        "MAE / RMSE / decisions right, means over raters of the rater's figure. Ours gives the "
        "median for MAE, the mean for RMSE, and decides by P(above) > ½; MAE of its mean stands "
        "in its own line. The others have one number for all.",
        "",
        f"| model | {heads} |",
        f"|---|{'---|' * len(labels)}",
    ]
    for model in (*BASELINES, WITHOUT_TEXT, OURS):
        if (model, labels[0]) not in mean.index:
            continue
        cells = []
        for n in labels:
            row = mean.loc[(model, n)]
            cells.append(f"{row['mae']:.3f} / {row['rmse']:.3f} / {1 - row['decision_error']:.3f}")
        mark = "**" if model == OURS else ""
        lines.append(f"| {mark}{model}{mark} | {' | '.join(cells)} |")
    cells = [
        f"{mean.loc[(OURS, n), 'mae_of_mean']:.3f} / - / "
        f"{1 - mean.loc[(OURS, n), 'decision_error_of_mean']:.3f}"
        for n in labels
    ]
    lines.append(f"| … ours, MAE of the mean, decision by the mean | {' | '.join(cells)} |")
    errors = raters["mae"].groupby(["model", "n"]).std() / np.sqrt(
        raters["mae"].groupby(["model", "n"]).size()
    )
    lines.append("")
    lines.append(
        f"Standard error of an MAE over raters: {errors[OURS].mean():.3f} (ours), "
        f"{errors[RECIPE].mean():.3f} (recipe)."
    )
    return "\n".join(lines)


def ratio_checks(raters: pd.DataFrame, labels: tuple[int, ...], *, quick: bool) -> list[Check]:
    """Compare with the recipe.

    In the quick check half the gain is enough, and decisions are only reported: one fold is too
    few for them.
    """
    mean = raters.groupby(["model", "n"]).mean()
    checks = []
    for figure, name in NAMES.items():
        ratios = {n: mean.loc[(OURS, n), figure] / mean.loc[(RECIPE, n), figure] for n in labels}
        bars = {n: (1 + bar) / 2 if quick else bar for n, bar in RATIO_BARS[figure].items()}
        checks.append(
            Check(
                f"{name}, ratio to the recipe (aim {AIMS[figure]:g})",
                tuple(f"{ratios[n]:.3f}" for n in labels),
                " / ".join(f"≤ {bars[n]:.3g}" for n in labels),
                None
                if quick and figure == "decision_error"
                else all(ratios[n] <= bars[n] for n in labels),
            )
        )
    return checks


def paired_checks(raters: pd.DataFrame, labels: tuple[int, ...]) -> list[Check]:
    """Return the differences from each baseline, rater by rater: mean ± standard error."""
    checks = []
    for figure, name in NAMES.items():
        for baseline in BASELINES:
            means, cells = [], []
            for n in labels:
                difference = raters.loc[(OURS, n), figure] - raters.loc[(baseline, n), figure]
                error = difference.std() / np.sqrt(len(difference))
                means.append(difference.mean())
                cells.append(f"{difference.mean():+.3f} ± {error:.3f}")
            checks.append(
                Check(
                    f"{name}, ours less {baseline}",
                    tuple(cells),
                    f"≤ {WORSE_BY}",
                    max(means) <= WORSE_BY,
                )
            )
    return checks


def few_against_many(raters: pd.DataFrame, few: int, many: int) -> list[Check]:
    """Compare ours with few labels with the recipe with many."""
    checks = []
    for figure, name in NAMES.items():
        mine = raters.loc[(OURS, few), figure].mean()
        theirs = raters.loc[(RECIPE, many), figure].mean()
        checks.append(
            Check(
                f"{name}, ours at {few} labels (recipe at {many}: {theirs:.3f})",
                (f"{mine:.3f}", *[""] * 2),
                f"< {theirs:.3f}",
                bool(mine < theirs),
            )
        )
    return checks


def coverage_check(unseen: pd.DataFrame, labels: tuple[int, ...]) -> Check:
    """Return the share of unseen ratings in the central 80 % by randomised PIT."""
    inside = unseen["pit"].between(0.1, 0.9).groupby(unseen["n"]).mean()
    return Check(
        "central 80 % by randomised PIT holds",
        tuple(f"{inside[n]:.1%}" for n in labels),
        "78 % to 82 %",
        all(COVERAGE[0] <= inside[n] <= COVERAGE[1] for n in labels),
    )


def check_table(checks: list[Check], labels: tuple[int, ...]) -> str:
    """Return the checks as a Markdown table."""
    heads = " | ".join(f"{n} labels" for n in labels)
    lines = [f"| what | {heads} | bar | |", f"|---|{'---|' * len(labels)}---|---|"]
    for check in checks:
        mark = {True: "pass", False: "FAIL", None: ""}[check.passed]
        lines.append(f"| {check.what} | {' | '.join(check.cells)} | {check.bar} | {mark} |")
    return "\n".join(lines)


def picking_table(rows: pd.DataFrame) -> tuple[str, bool]:
    """Return MAE / RMSE by way and number of labels, and whether 15 chosen equal 20 by chance."""
    raters = rows.groupby(["way", "n", "rater"])[["mae", "rmse"]].mean()
    mean = raters.groupby(["way", "n"]).mean()
    ways = (RANDOM, SPREAD, ACTIVE)
    lines = [f"| labels | {' | '.join(ways)} |", f"|---|{'---|' * len(ways)}"]
    for n in STEPS:
        cells = [f"{mean.loc[(w, n), 'mae']:.3f} / {mean.loc[(w, n), 'rmse']:.3f}" for w in ways]
        lines.append(f"| {n} | {' | '.join(cells)} |")
    said, passed = [], True
    for figure in ("mae", "rmse"):
        difference = raters.loc[(ACTIVE, 15), figure] - raters.loc[(RANDOM, 20), figure]
        error = difference.std() / np.sqrt(len(difference))
        passed &= bool(difference.mean() <= WORSE_BY)
        said.append(f"{figure.upper()} {difference.mean():+.4f} ± {error:.4f}")
    lines += [
        "",
        f"15 chosen labels against 20 by chance, rater by rater: {', '.join(said)} "
        f"(bar: ≤ {WORSE_BY}): {'pass' if passed else 'FAIL'}.",
    ]
    return "\n".join(lines), passed
