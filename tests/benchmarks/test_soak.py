"""The soak in short: everything at once with a few faults, and what it would notice."""

from __future__ import annotations

import pytest

from benchmarks.soak.__main__ import soak
from benchmarks.soak.traffic import Ledger

KINDS = ("server killed", "platform misbehaves", "database locked", "run killed", "disk full")


@pytest.mark.slow
@pytest.mark.timeout(1_500)  # a minute and a half where nobody else is at work
def test_nothing_is_lost_or_sent_twice_under_faults() -> None:
    outcome = soak(12, seed=5, pause=0.3, fault_pause=1.0, only=KINDS)
    assert outcome.violations == [], outcome.logs
    figures = {what: figure for what, figure, _, _ in outcome.rows}
    assert int(figures["ratings acknowledged"]) > 0
    assert int(figures["labels acknowledged"]) > 0
    assert any(what.startswith("fault: ") for what in figures)
    assert figures["processes left at the end"] == "0"


def test_a_lost_value_is_noticed() -> None:
    ledger = Ledger()
    ledger.acknowledge(("ann", "g1"), "helpful")
    ledger.acknowledge(("bob", "g1"), "helpful")
    assert len(ledger.lost({("ann", "g1"): "helpful"})) == 1
    assert len(ledger.lost({("ann", "g1"): "not_helpful", ("bob", "g1"): "helpful"})) == 1
    # What got no answer may be there or not, until something later was acknowledged.
    ledger.doubt(("bob", "g1"), "not_helpful")
    found = {("ann", "g1"): "helpful", ("bob", "g1"): "not_helpful"}
    assert ledger.lost(found) == []
    ledger.acknowledge(("bob", "g1"), "helpful")
    assert len(ledger.lost(found)) == 1
