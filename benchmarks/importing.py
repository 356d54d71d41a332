"""Import speed and memory: a Polis folder of millions of votes, and a real one if at hand.

Run with `python benchmarks/importing.py [--votes 5000000] [--vtaiwan FOLDER]`. Each import runs
in a process of its own, so that its peak memory is its own. Results are printed as a Markdown
table and kept in `benchmarks/results/importing.md`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

RESULTS = Path(__file__).resolve().parent / "results" / "importing.md"
VTAIWAN = Path(__file__).resolve().parents[2] / "shared" / "data" / "polis-vtaiwan-uberx"

MEASURE_COMMAND = """
import json, os, resource, subprocess, sys, tempfile, time
with tempfile.TemporaryDirectory() as home:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "labelaudit_dagster.cli", "import", "polis", sys.argv[1], "--json"],
        env={**os.environ, "LABELAUDIT_HOME": home},
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    wall = time.perf_counter() - start
counts = json.loads(done.stdout)["tables"]["guideline_ratings"]
print(json.dumps({
    "rows": counts["rows_in"] + counts["rows_passed"], "kept": counts["rows_kept"], "wall": wall,
    "mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
}))
"""

MEASURE_POLIS = """
import json, resource, sys, time
import pandas, pyarrow.csv  # process start: what any command of the project loads anyway
from pathlib import Path
from datetime import UTC, datetime
import labelaudit_dagster.importers as importers
importers.read_polis
start = time.perf_counter()
files = importers.polis_files(Path(sys.argv[1]))
paths = (files.comments, files.votes, files.participants_votes, files.summary)
community = importers.read_polis(
    *(path.read_bytes() if path else None for path in paths), now=datetime.now(UTC)
)
wall = time.perf_counter() - start
counts = community.counts["guideline_ratings"]
print(json.dumps({
    "wall": wall,
    "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "rows": counts.rows_in + counts.rows_passed,
    "kept": counts.rows_kept,
}))
"""

MEASURE_EXPORT = """
import json, resource, sys, time
import pandas, pyarrow.csv
from pathlib import Path
from datetime import UTC, datetime
import labelaudit_dagster.importers as importers
files = importers.polis_files(Path(sys.argv[1]))
community = importers.read_polis(
    files.comments.read_bytes(), files.votes.read_bytes(), now=datetime.now(UTC)
)
importers.write_export
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
start = time.perf_counter()
with open(sys.argv[2], "wb") as stream:
    importers.write_export(community, stream)
wall = time.perf_counter() - start
print(json.dumps({
    "wall": wall,
    "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "rows": len(community.guideline_ratings),
    "kept": len(community.guideline_ratings),
}))
"""

MEASURE_READ_EXPORT = """
import json, resource, sys, time
import pandas, pyarrow
from datetime import UTC, datetime
import labelaudit_dagster.importers as importers
importers.read_export
start = time.perf_counter()
with open(sys.argv[1], "rb") as stream:
    community = importers.read_export(stream, now=datetime.now(UTC))
wall = time.perf_counter() - start
counts = community.counts["guideline_ratings"]
print(json.dumps({
    "wall": wall,
    "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "rows": counts.rows_in,
    "kept": counts.rows_kept,
}))
"""


def write_polis_folder(folder: Path, n_votes: int, seed: int = 0) -> None:
    """Write a synthetic Polis export: comments, long votes with re-votes, wide votes.

    Args:
        folder: Where to.
        n_votes: Lines of `votes.csv`; about 1 % of them repeat a pair.
        seed: Seed of the votes.
    """
    generator = np.random.default_rng(seed)
    n_comments, n_voters = 1000, max(n_votes // 100, 1)
    n_pairs = n_votes - n_votes // 100
    cells = generator.choice(n_comments * n_voters, n_pairs, replace=False)
    cells = np.concatenate([cells, generator.choice(cells, n_votes - n_pairs)])
    voters, comments = cells // n_comments, cells % n_comments
    votes = generator.choice(np.array([1, -1, 0], dtype=np.int8), n_votes, p=[0.6, 0.25, 0.15])
    times = 1_600_000_000_000 + np.cumsum(generator.integers(1, 2000, n_votes))
    moments = pd.Series(times.astype("datetime64[ms]")).dt.strftime("%a %b %d %H:%M:%S UTC %Y")
    long = pa.table(
        {
            "timestamp": times,
            "datetime": pa.array(moments),
            "comment-id": comments,
            "voter-id": voters,
            "vote": votes,
        }
    )
    arrow_csv.write_csv(long, folder / "votes.csv")

    matrix = np.full((n_voters, n_comments), 9, dtype=np.int8)
    matrix[voters, comments] = votes  # the last vote of a pair stays
    wide = {
        "participant": np.arange(n_voters),
        "group-id": generator.integers(0, 2, n_voters),
        "n-comments": np.zeros(n_voters, dtype=np.int64),
        "n-votes": (matrix != 9).sum(axis=1),
        "n-agree": (matrix == 1).sum(axis=1),
        "n-disagree": (matrix == -1).sum(axis=1),
    }
    for comment in range(n_comments):
        column = matrix[:, comment]
        wide[str(comment)] = pa.array(column, mask=column == 9)
    arrow_csv.write_csv(pa.table(wide), folder / "participants-votes.csv")

    pd.DataFrame(
        {
            "timestamp": 1_600_000_000_000,
            "comment-id": np.arange(n_comments),
            "author-id": 0,
            "agrees": np.bincount(comments[votes == 1], minlength=n_comments),
            "disagrees": np.bincount(comments[votes == -1], minlength=n_comments),
            "moderated": 1,
            "comment-body": [f'Statement {i}, with "quotes"' for i in range(n_comments)],
        }
    ).to_csv(folder / "comments.csv", index=False)


def measured(script: str, *arguments: str) -> dict[str, float]:
    """Run a measuring script in a process of its own and return what it measured."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def row(what: str, bar: str, result: dict[str, float]) -> str:
    """Return one line of the table."""
    return (
        f"| {what} | {int(result['rows']):,} | {int(result['kept']):,} | {bar} "
        f"| {result['wall']:.2f} s | {result['mib']:,.0f} MiB |"
    )


def main() -> None:
    """Measure, print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=int, default=5_000_000)
    parser.add_argument("--quick", action="store_true", help="200,000 votes, nothing kept")
    parser.add_argument("--vtaiwan", type=Path, default=VTAIWAN)
    options = parser.parse_args()
    lines = [
        "| import | rows | ratings kept | bar | wall | peak memory |",
        "|---|---:|---:|---|---:|---:|",
    ]
    if options.vtaiwan.is_dir():
        result = measured(MEASURE_POLIS, str(options.vtaiwan))
        lines.append(row("Polis folder, vTaiwan UberX", "1 s", result))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_polis_folder(folder, 200_000 if options.quick else options.votes)
        result = measured(MEASURE_POLIS, name)
        lines.append(row("Polis folder, synthetic, long and wide", "30 s, 3 GB", result))
        (folder / "participants-votes.csv").unlink()
        result = measured(MEASURE_POLIS, name)
        lines.append(row("Polis folder, synthetic, long only", "30 s, 3 GB", result))
        # The whole command: process start, reading, storing in the database, the report.
        result = measured(MEASURE_COMMAND, name)
        lines.append(row("`labelaudit import polis` of it, as a command", "30 s, 3 GB", result))
        document = str(folder / "export.json")
        result = measured(MEASURE_EXPORT, name, document)
        lines.append(row("writing it as a platform export", "none", result))
        lines.append(
            row("reading that platform export", "none", measured(MEASURE_READ_EXPORT, document))
        )
    table = "\n".join(lines)
    print(table)
    if options.quick:
        return
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(
        "Wall time beyond process start and imports, and peak resident memory of "
        f"the process, both on a 2-core machine; of the command all of its time.\n\n{table}\n"
    )


if __name__ == "__main__":
    main()
