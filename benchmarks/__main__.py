"""Run all benchmarks, print their tables and keep them in `benchmarks/README.md`.

`python -m benchmarks` runs everything (about three quarters of an hour on two cores); with
`--quick` it runs small sizes, at half the bar.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SECTIONS = {
    "factorization": "The factorization, against the notebook's iteration and other references",
    "importing": "Importing votes",
    "pipeline": "The whole pipeline, from the command line",
    "personal_models": "Personal models: how well a few labels predict the others",
    "personal_model_speed": "Personal models: time and memory",
    "audit_api": "The audit API under load",
    "latency": "From a rating to the constitution, from a label to the model, by itself",
    "web_app": "The web app",
}
KEPT_ALONE = {"soak": "Everything at once, with a fault every few seconds (`make soak`)"}
"""What takes long and is run by a command of its own; its last result is on the page."""
PICTURES = {
    "factorization": "![Time per sweep against ratings](figures/factorization-growth.png)",
    "personal_models": (
        "Reliability of P(above the threshold): where dots lie on the dashed line, a probability "
        "is the share that comes true. Bars are two standard errors.\n\n"
        "![Predicted against observed shares](figures/personal-models-reliability.png)"
    ),
}
INTRODUCTION = """\
# Benchmarks

`make bench` prints these tables; this page keeps the latest full run. Reference and ours are
measured in the same run, so that ratios hold where single times do not: the machine has two cores
and is shared. `bar` is what must be reached.
"""


def page() -> str:
    """Return the page of all results that are kept."""
    parts = [INTRODUCTION]
    for name, title in {**SECTIONS, **KEPT_ALONE}.items():
        kept = FOLDER / "results" / f"{name}.md"
        if not kept.is_file():
            continue
        parts.append(f"## {title}\n\n{kept.read_text('utf-8')}")
        if name in PICTURES:
            parts.append(f"{PICTURES[name]}\n")
    return "\n".join(parts)


def main() -> int:
    """Run each benchmark in a process of its own and put the tables together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small sizes, half the bars")
    quick = parser.parse_args().quick
    failed = []
    for name, title in SECTIONS.items():
        print(f"\n## {title}\n", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]
        if subprocess.run(command, cwd=FOLDER.parent, check=False).returncode:
            failed.append(name)
    if not quick:
        (FOLDER / "README.md").write_text(page(), encoding="utf-8")
    if failed:
        print(f"\nMissed a bar: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
