"""Run all benchmarks, print their tables and keep them in `benchmarks/README.md`.

`python -m benchmarks` runs everything (about ten minutes on two cores); with `--quick` it runs
small sizes, at half the bar.
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
}
INTRODUCTION = """\
# Benchmarks

`make bench` prints these tables; this page keeps the latest full run. Reference and ours are
measured in the same run, so that ratios hold where single times do not: the machine has two cores
and is shared. `bar` is what must be reached.
"""


def main() -> int:
    """Run each benchmark in a process of its own and put the tables together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small sizes, half the bars")
    quick = parser.parse_args().quick
    failed = []
    page = [INTRODUCTION]
    for name, title in SECTIONS.items():
        print(f"\n## {title}\n", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]
        if subprocess.run(command, cwd=FOLDER.parent, check=False).returncode:
            failed.append(name)
        page.append(f"## {title}\n\n{(FOLDER / 'results' / f'{name}.md').read_text('utf-8')}")
    if not quick:
        page.insert(2, "![Time per sweep against ratings](figures/factorization-growth.png)\n")
        (FOLDER / "README.md").write_text("\n".join(page), encoding="utf-8")
    if failed:
        print(f"\nMissed a bar: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
