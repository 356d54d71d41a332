"""Quality of personal models on POPQUORN, raters left out, against what else one could do.

Run with `python -m benchmarks.personal_models` from the repository root (about three minutes on two
cores), which prints Markdown tables, keeps them in `benchmarks/results/personal_models.md` and
draws `benchmarks/figures/personal-models-reliability.png`. With `--quick` one fold is left out in
one order, only ratios to IndieLabel's recipe are judged, at half the gain, and a miss ends with
exit code 1. Where the data set is absent, simulated raters of its size stand in.

Nothing is tuned on the raters left out: each fold's models, and the variances by which the means
are shrunk, come from the other folds' raters, and the recipe has its library's defaults.
"""

from __future__ import annotations

import argparse
import os

# Each process has one core; threads of the linear algebra would fight over it. Before NumPy loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import pandas as pd

from benchmarks.personal_models import report
from benchmarks.personal_models.charts import draw, reliability
from benchmarks.personal_models.picking import compared
from benchmarks.personal_models.protocol import (
    FOLDS,
    LABELS,
    ORDERS,
    Corpus,
    Fold,
    folds,
    popquorn,
    stand_in,
)
from benchmarks.personal_models.trials import Collected, of_fold

FOLDER = Path(__file__).resolve().parents[1]
PICTURE = FOLDER / "figures" / "personal-models-reliability.png"
RESULTS = FOLDER / "results" / "personal_models.md"


def measured(corpus: Corpus, chosen: list[Fold], pool: ProcessPoolExecutor) -> Collected:
    """Return what all models say about all folds."""
    parts = ["ours", "without text", "means"]
    parts += [f"{name} {n}" for name in ("recipe", "all labels") for n in LABELS]
    jobs = [pool.submit(of_fold, corpus, fold, part) for part in parts for fold in chosen]
    together = Collected()
    for job in jobs:
        found = job.result()
        together.scores += found.scores
        together.unseen += found.unseen
    return together


def main() -> int:
    """Measure, print, keep; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one fold, ratios at half the gain")
    quick = parser.parse_args().quick
    corpus = popquorn() or stand_in()
    began = perf_counter()
    chosen = list(folds(corpus))
    if quick:
        first = chosen[0]
        chosen = [replace(first, trials=[trial for trial in first.trials if trial.order == 0])]
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        collected = measured(corpus, chosen, pool)
        picks = [] if quick else list(pool.map(compared, [corpus] * len(chosen), chosen))
    raters = report.by_rater(pd.DataFrame(collected.scores))
    unseen = pd.concat(collected.unseen)
    checks = report.ratio_checks(raters, LABELS, quick=quick)
    people = raters.index.get_level_values("rater").nunique()
    text = (
        f"{corpus.name}: {corpus.n_raters} raters, {corpus.n_items:,} comments, "
        f"{corpus.rating.size:,} ratings. {people} raters left out in {len(chosen)} of {FOLDS} "
        f"folds, {1 if quick else ORDERS} label order{'' if quick else 's'} each, "
        f"{len(unseen) // len(LABELS):,} unseen ratings.\n\n{report.model_table(raters, LABELS)}\n"
    )
    picking_passed = True
    if quick:
        text += f"\n{report.check_table(checks, LABELS)}\n"
    else:
        checks += report.few_against_many(raters, LABELS[0], LABELS[-1])
        checks.append(report.coverage_check(unseen, LABELS))
        text += f"\n{report.check_table(checks, LABELS)}\n"
        paired = report.paired_checks(raters, LABELS)
        text += "\nDifferences rater by rater, mean ± standard error (below 0: ours is better):\n\n"
        text += f"{report.check_table(paired, LABELS)}\n"
        checks += paired
        picking, picking_passed = report.picking_table(pd.concat(picks))
        text += (
            "\nWhich labels to ask for (MAE of the median / RMSE of the mean, 15 ratings kept for "
            f"the test):\n\n{picking}\n"
        )
        draw(reliability(unseen), corpus.scale.threshold, PICTURE)
    text += f"\nMeasured in {perf_counter() - began:.0f} s on {os.cpu_count()} cores.\n"
    print(text)
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text, encoding="utf-8")
    return int(not picking_passed or any(check.passed is False for check in checks))


if __name__ == "__main__":
    sys.exit(main())
