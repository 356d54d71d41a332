"""Time and memory of personal models at 107,620 comments, 17,280 raters, 538,100 ratings.

Run with `python -m benchmarks.personal_model_speed` from the repository root (some ten minutes on
two cores), which prints a Markdown table and keeps it in
`benchmarks/results/personal_model_speed.md`. With `--quick` a tenth of the size is measured, only
the ratio to a retraining is judged, at half its bar, and a miss ends with exit code 1.

Every stage has a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.personal_model_speed import retraining
from benchmarks.personal_model_speed.synthetic import FULL, SMALL, simulated

FOLDER = Path(__file__).resolve().parents[1]
RESULTS = FOLDER / "results" / "personal_model_speed.md"

FASTER = 1_000
FOLD_IN = 0.015
FIT_SECONDS, FIT_BYTES = 60.0, 4e9
USERS_SECONDS = 90.0
STORED_BYTES = 1.5e6

Row = tuple[str, str, str, bool | None]


def staged(stage: str, folder: Path) -> dict[str, Any]:
    """Run one stage in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.personal_model_speed.stages", stage, str(folder)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
    done = subprocess.run(
        command,
        cwd=FOLDER.parent,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"The stage {stage} failed:\n{done.stderr[-4000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _cost(found: dict[str, Any]) -> str:
    return (
        f"{_time(found['seconds'])} (processor time {_time(found['processor'])}), "
        f"peak {found['peak'] / 1e9:.2f} GB"
    )


def fold_in_rows(fit: dict[str, Any], retrain: float, how: str, *, quick: bool) -> list[Row]:
    """Judge one person's fold-in and prediction of all comments."""
    ratio = retrain / fit["fold_in"]
    needed = FASTER / 2 if quick else FASTER
    return [
        (
            "fold in one person and predict all comments (mean, median, P, quantiles), warm",
            f"{_time(fit['fold_in'])} (median of 100; best {_time(fit['fold_in_best'])}, "
            f"nine in ten within {_time(fit['fold_in_90'])})",
            "report" if quick else "≤ 15 ms",
            None if quick else fit["fold_in"] <= FOLD_IN,
        ),
        (
            f"one retraining of IndieLabel's recipe ({how}): {_time(retrain)}",
            f"{ratio:,.0f} times as long",
            f"≥ {needed:,.0f} times",
            ratio >= needed,
        ),
        ("… of somebody who answers by dice", _time(fit["diced"]), "report", None),
        (
            "choose the next comment to label among 1,000",
            _time(fit["choose"]),
            "report",
            None,
        ),
    ]


def within(found: dict[str, Any], *, quick: bool) -> tuple[str, bool | None]:
    """Judge time and memory of a fit."""
    if quick:
        return "report", None
    passed = found["seconds"] <= FIT_SECONDS and found["peak"] <= FIT_BYTES
    return "≤ 60 s, ≤ 4 GB", passed


def _fit_name(found: dict[str, Any]) -> str:
    return (
        f"{found['grid']} severities, {found['points']} person points, {found['sweeps']} sweeps, "
        f"{found['status']}"
    )


def pipeline_rows(found: dict[str, Any]) -> list[Row]:
    """Judge the Dagster run of many users and what it stores."""
    steps = sorted(found["steps"].items(), key=lambda pair: -pair[1])
    return [
        (
            "1,000 users in one Dagster run, predictions stored",
            f"{_time(found['users'])} (processor time {_time(found['users_processor'])})",
            "≤ 90 s",
            found["users"] <= USERS_SECONDS,
        ),
        (
            "stored size of one user's predictions",
            f"{found['stored'] / 1e6:.2f} MB",
            "≤ 1.5 MB",
            found["stored"] <= STORED_BYTES,
        ),
        (
            "one user's training through Dagster, warm process",
            _time(found["one_user"]),
            "report",
            None,
        ),
        ("import into the database", _time(found["import"]), "report", None),
        ("the corpus side in one Dagster run", _time(found["corpus_side"]), "report", None),
        *((f"… step `{name}`", _time(taken), "report", None) for name, taken in steps[:6]),
        (
            "peak memory of that process",
            f"{found['corpus_peak'] / 1e9:.2f} GB corpus side, {found['peak'] / 1e9:.2f} GB in all",
            "report",
            None,
        ),
    ]


def main() -> int:
    """Measure, print, keep; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, half the bar")
    parser.add_argument("--without-dagster", action="store_true", help="leave out the 1,000 users")
    arguments = parser.parse_args()
    quick = arguments.quick
    size = SMALL if quick else FULL
    load = os.getloadavg()[0]
    corpus = simulated(size)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus.save(folder)
        retrain, how = retraining.seconds(corpus)
        del corpus
        fit = staged("fit", folder)
        text, prior = staged("fit_with_text", folder), staged("text_prior", folder)
        rows = fold_in_rows(fit, retrain, how, quick=quick)
        rows += [
            (
                f"fit of item side and population ({_fit_name(fit)})",
                _cost(fit),
                *within(fit, quick=quick),
            ),
            (
                f"text prior, out of fold (explains {prior['explained']:.0%}; 30 % was put in)",
                _cost(prior),
                *within(prior, quick=quick),
            ),
            (
                f"both, as the pipeline does it ({_fit_name(text)})",
                _cost(text),
                "report",
                None,
            ),
        ]
        if not quick and not arguments.without_dagster:
            rows += pipeline_rows(staged("pipeline", folder))
    lines = [
        f"Synthetic: {size.items:,} comments, {size.raters:,} raters, {size.ratings:,} ratings, "
        f"{os.cpu_count()} cores, load average {load:.1f} at the start.",
        "",
        "| what | measured | bar | |",
        "|---|---|---|---|",
    ]
    marks = {True: "pass", False: "FAIL", None: ""}
    lines += [f"| {what} | {said} | {bar} | {marks[passed]} |" for what, said, bar, passed in rows]
    print("\n".join(lines))
    if not quick and not arguments.without_dagster:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(any(passed is False for *_, passed in rows))


if __name__ == "__main__":
    sys.exit(main())
