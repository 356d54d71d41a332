"""Everything at once, with a fault every few seconds: nothing may be lost, sent twice, or grow.

    python -m benchmarks.soak [--seconds 600] [--seed 1] [--keep]

`labelaudit serve` and `labelaudit dagster` run as processes on a fresh home; people rate and label
over HTTP; the pipeline talks to the embedded platform through a proxy that misbehaves at times. A
home on a disk of its own, which can be made full, needs root. At the end faults and people stop,
everything settles, and what must hold is looked at. Prints a table, keeps it in
`benchmarks/results/soak.md` if it ran for ten minutes or longer, and ends with 1 if anything
does not hold.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.soak.faults import Faults
from benchmarks.soak.installation import Installation
from benchmarks.soak.processes import kill, marked, words_of
from benchmarks.soak.traffic import Traffic
from benchmarks.soak.verdict import is_settled, memory_rows, violations
from benchmarks.soak.watching import Watcher

RESULTS = Path(__file__).resolve().parents[1] / "results" / "soak.md"
KEPT_FROM_SECONDS = 600.0
SETTLING_SECONDS = 420.0
PEOPLE = 4

Row = tuple[str, str, str, bool]


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        rows: of the table: what, figure, bar, whether it was met.
        violations: what does not hold.
        logs: the end of what the programs wrote.
    """

    rows: list[Row] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    logs: str = ""


def soak(
    seconds: float,
    seed: int,
    *,
    pause: float = 1.0,
    fault_pause: float = 4.0,
    only: Sequence[str] = (),
    keep: bool = False,
) -> Outcome:
    """Run it.

    Args:
        seconds: how long there are faults.
        seed: of data, people and faults.
        pause: mean seconds between two ratings, and between two labels.
        fault_pause: mean seconds between the end of a fault and the next.
        only: kinds of faults; by default all.
        keep: leave the folder for a look.
    """
    outcome = Outcome()
    it = Installation(seed)
    try:
        _say(f"preparing {it.folder}")
        it.prepare()
        traffic = Traffic(it.url, seed, people=PEOPLE, pause=pause)
        watcher = Watcher(it, traffic)
        faults = Faults(it, seed, only)
        traffic.start()
        load = _make_faults(faults, seconds, random.Random(f"{seed} pauses"), fault_pause)
        lasted = time.monotonic() - watcher.begun
        traffic.stop()
        _say("settling")
        settled = _settle(it, traffic)
        watcher.stop()
        _say("judging")
        found = violations(it, traffic)
        if settled is None:
            found.insert(0, f"it had not settled after {SETTLING_SECONDS:.0f} s")
        outcome.violations = [*faults.violations, *found]
        memory = memory_rows(watcher, lasted)
        outcome.violations += [f"{what} grew: {is_}" for what, is_, _, ok in memory if not ok]
        files = watcher.files
        stubborn = it.end()
        left = marked(it.mark)
        if sum(stubborn) or left:
            names = "; ".join(words_of(pid)[:80] for pid in left)
            outcome.violations.append(f"processes were left: {sum(stubborn)} stubborn; {names}")
        outcome.rows = [
            *_traffic_rows(traffic, watcher, lasted),
            ("settled after the last fault", _seconds(settled), "", settled is not None),
            *_fault_rows(faults, it),
            *memory,
            ("open files of the server: first / last", f"{files[0]} / {files[-1]}", "", True),
            ("processes left at the end", str(len(left)), "0", not left),
            (
                "load of the machine (1 min, mean)",
                f"{load:.1f} on {os.cpu_count()} cores",
                "",
                True,
            ),
            ("violations", str(len(outcome.violations)), "0", not outcome.violations),
        ]
    finally:
        for name in ("server", "dagster"):
            if hasattr(it, name):
                getattr(it, name).end(patience=20)
                outcome.logs += f"--- {name}\n{it.logged(name)[-6000:]}\n"
        for pid in marked(it.mark):
            kill(pid)
        if not keep:
            it.disk.unmount()
            shutil.rmtree(it.folder, ignore_errors=True)
    return outcome


def _make_faults(faults: Faults, seconds: float, draw: random.Random, pause: float) -> float:
    """Make faults for so long; return the mean load of the machine."""
    loads = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(draw.uniform(0.5, 1.5) * pause)
        begun = time.monotonic()
        kind = faults.one()
        loads.append(os.getloadavg()[0])
        _say(f"{kind}: {time.monotonic() - begun:.1f} s, {until - time.monotonic():.0f} s to go")
    return float(np.mean(loads)) if loads else 0.0


def _settle(it: Installation, traffic: Traffic) -> float | None:
    """Wait until everything has arrived; return how long that took, None if it did not."""
    begun = time.monotonic()
    while time.monotonic() - begun < SETTLING_SECONDS:
        if it.server_is_ready() and is_settled(it, traffic):
            return time.monotonic() - begun
        time.sleep(2)
    return None


def _traffic_rows(traffic: Traffic, watcher: Watcher, lasted: float) -> list[Row]:
    rows: list[Row] = [("under faults for", f"{lasted:,.0f} s", "", True)]
    for name, ledger in (("ratings", traffic.ratings), ("labels", traffic.labels)):
        refused = ", ".join(f"{n} x {why}" for why, n in sorted(ledger.refused.items())) or "none"
        rows.append((f"{name} acknowledged", f"{ledger.told:,}", "none lost", True))
        rows.append((f"{name} refused or unanswered", refused, "", True))
    rows.append(("constitutions published", f"{watcher.constitutions:,}", "none twice", True))
    for name, found in (
        ("rating → published", watcher.rating_seconds),
        ("label → personal model", watcher.label_seconds),
    ):
        if found:
            middle, late = np.quantile(found, [0.5, 0.95])
            text = f"{middle:.1f} / {late:.1f} / {max(found):.1f} s"
            rows.append((f"{name}, under faults: median / 95 % / longest", text, "", True))
    return rows


def _fault_rows(faults: Faults, it: Installation) -> list[Row]:
    rows: list[Row] = []
    for kind, figures in sorted(faults.figures.items()):
        text = f"{figures.count - figures.skipped} x"
        if figures.recovery:
            middle = float(np.median(figures.recovery))
            text += f", back after {middle:.1f} s (longest {max(figures.recovery):.1f} s)"
        rows.append((f"fault: {kind}", text, "", True))
    troubles = ", ".join(f"{n} x {name}" for name, n in sorted(it.proxy.troubles.items()))
    rows.append(("answers of the platform that went wrong", troubles or "none", "", True))
    if not it.has_disk:
        rows.append(("fault: disk full", "left out: mounting a small disk needs root", "", True))
    return rows


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f} s"


def table(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    lines = ["| what | measured | bar | |", "|---|---|---|---|"]
    for what, figure, bar, met in rows:
        lines.append(f"| {what} | {figure} | {bar} | {('yes' if met else 'NO') if bar else ''} |")
    return "\n".join(lines) + "\n"


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Run it, print the table, keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long there are faults")
    parser.add_argument("--seed", type=int, default=1, help="of data, people and faults")
    parser.add_argument("--keep", action="store_true", help="leave the home for a look")
    options = parser.parse_args()
    # Ended from outside, it tidies up as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    outcome = soak(options.seconds, options.seed, keep=options.keep)
    text = table(outcome.rows)
    print(text)
    for violation in outcome.violations:
        print(f"VIOLATION: {violation}")
    if outcome.violations:
        print(outcome.logs, file=sys.stderr)
    elif options.seconds >= KEPT_FROM_SECONDS:
        RESULTS.write_text(f"Seed {options.seed}.\n\n{text}", encoding="utf-8")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
