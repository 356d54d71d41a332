"""How long it takes from a new rating to the published constitution, and from a label to the model.

    python -m benchmarks.latency [--quick]

`labelaudit serve` and `labelaudit dagster` work on the home of `labelaudit demo`; ratings and
labels are posted to the API, which is asked until it shows what came of them. Prints a table and
keeps it in `benchmarks/results/latency.md`. With `--quick` it measures twice and keeps nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.latency.running_home import RunningHome, running

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "benchmarks" / "results" / "latency.md"
TIMES = 5
BAR_SECONDS = 60.0
SETTINGS = {
    "LABELAUDIT_SENSOR_INTERVAL_SECONDS": "5",
    "LABELAUDIT_RATINGS_MIN_INTERVAL_SECONDS": "0",
}


def main() -> int:
    """Measure and print; 1 where a median misses the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure twice, keep nothing")
    quick = parser.parse_args().quick
    times = 2 if quick else TIMES
    with tempfile.TemporaryDirectory(prefix="labelaudit-latency-") as folder:
        home, logs = Path(folder) / "home", Path(folder)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
        subprocess.run(
            [sys.executable, "-m", "labelaudit_dagster.cli", "demo"],
            env={**environment, "LABELAUDIT_HOME": str(home)}, cwd=folder,
            check=True, capture_output=True,
        )  # fmt: skip
        with running(home, logs, **SETTINGS) as at_work:
            ratings, labels = _measured(at_work, times)
    text = _table(ratings, labels)
    print(text)
    if not quick:
        RESULTS.write_text(text, encoding="utf-8")
    return 0 if max(median(ratings), median(labels)) <= BAR_SECONDS * (2 if quick else 1) else 1


def _measured(home: RunningHome, times: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each rating and each label; the first of each warms up."""
    guidelines = home.get("/v1/constitution/guidelines")["guidelines"]
    ratings, labels = [], []
    for number in range(times + 1):
        guideline = guidelines[number % len(guidelines)]["guideline_id"]
        ratings.append(home.rating_to_constitution(f"rater {number}", guideline, "helpful"))
        # The run goes on with the uncertainty, which nobody waits for; neither do we beside it.
        home.seconds_until("rest", lambda: _is_at_rest(home))
        labels.append(home.label_to_model(f"labeller{number}", {1: 0.0, 2: 4.0, 3: 1.0, 4: 2.0}))
        home.seconds_until("rest", lambda: _is_at_rest(home))
        print(f"{ratings[-1]:6.1f} s  {labels[-1]:6.1f} s", file=sys.stderr, flush=True)
        # So that looks and posts are not in step.
        time.sleep(0.7 * (number % 7))
    return ratings[1:], labels[1:]


def _is_at_rest(home: RunningHome) -> bool:
    folder = home.home / "dagster" / "runs-under-way"
    return not folder.is_dir() or not any(folder.iterdir())


def _table(ratings: list[float], labels: list[float]) -> str:
    rows = [
        ("a new rating to the published constitution", ratings),
        ("a label to the personal model", labels),
    ]
    lines = [
        "| from … to | median (s) | quickest | slowest | bar (s) | |",
        "|---|--:|--:|--:|--:|---|",
        *(
            f"| {name} | {median(found):.1f} | {min(found):.1f} | {max(found):.1f} "
            f"| {BAR_SECONDS:.0f} | {'ok' if median(found) <= BAR_SECONDS else 'missed'} |"
            for name, found in rows
        ),
    ]
    settings = ", ".join(f"`{name}={value}`" for name, value in SETTINGS.items())
    return "\n".join(
        [
            f"The home of `labelaudit demo` (400 raters, 100 guidelines, 2,546 comments), "
            f"{len(ratings)} ratings and labels one after the other; {settings}. From the post to "
            "the API until the API shows the result: a look of the sensor, the queue, a fresh "
            "process for the run, and the work. The API trains nothing itself here; where it does, "
            "by default, the answer to a training is the model.",
            "",
            *lines,
            "",
            f"Load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
