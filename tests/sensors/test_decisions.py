"""Decisions with stepped clocks: forward, back by two days, and over the change of summer time."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from labelaudit_dagster.automation.asking import Asked
from labelaudit_dagster.automation.clocks import LONGEST_RETRY, has_passed, retry_wait, shown
from labelaudit_dagster.automation.cursor import read_cursor, write_cursor
from labelaudit_dagster.automation.labelling import (
    EVERYBODY,
    MOST_FAILED,
    Labeller,
    LabelsDecision,
    LabelsSeen,
    decided_labels,
    settled_labels,
)
from labelaudit_dagster.automation.watching import Decision, Pace, Watched, decided, settled

NOON = datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)
"""Ten seconds before clocks in Berlin go from two to three."""
TWO_DAYS = timedelta(hours=48)
SECOND = timedelta(seconds=1)
EMPTY = Watched(series="s")


def look(
    before: Watched,
    fingerprint: str,
    now: datetime,
    *,
    new: int | None = 1,
    **pace: timedelta | int,
) -> Decision:
    return decided(before, fingerprint, new, Pace(**pace), now)  # type: ignore[arg-type]


def succeeded(decision: Decision, now: datetime, worked_on: str | None = None) -> Watched:
    assert decision.ask is not None, decision.reason
    return settled(decision.remembered, "succeeded", worked_on, now)


def test_a_b_a_is_three_runs_with_keys_of_their_own():
    remembered, keys = EMPTY, []
    for step, fingerprint in enumerate("ABA"):
        now = NOON + step * SECOND
        decision = look(remembered, fingerprint, now)
        remembered = succeeded(decision, now)
        keys.append(decision.ask.key)
        assert look(remembered, fingerprint, now).ask is None
    assert keys == ["s-1", "s-2", "s-3"]


def test_what_a_run_really_worked_on_is_done():
    remembered = succeeded(look(EMPTY, "A", NOON), NOON, worked_on="B")
    assert look(remembered, "B", NOON).ask is None
    assert look(remembered, "C", NOON).ask is not None


def test_nothing_is_asked_for_while_a_run_is_under_way():
    asked = look(EMPTY, "A", NOON).remembered
    again = look(settled(asked, "working", None, NOON), "B", NOON + 40 * SECOND)
    assert again.ask is None
    assert "under way for 40 seconds" in again.reason
    assert decided(EMPTY, "A", 1, Pace(), NOON, busy=True).ask is None


@pytest.mark.parametrize("state", ["failed", "missing"])
def test_a_failed_run_is_tried_again_later_and_later(state):
    remembered, now, waits = EMPTY, NOON, []
    for _ in range(12):
        decision = look(remembered, "A", now)
        assert decision.ask is not None
        remembered = settled(decision.remembered, state, None, now)
        began = now
        while look(remembered, "A", now).ask is None:
            now += 30 * SECOND
            assert now - began <= LONGEST_RETRY
        waits.append(now - began)
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits[-1] == LONGEST_RETRY
    remembered = settled(look(remembered, "A", now).remembered, "succeeded", None, now)
    assert remembered.failures == 0
    assert look(remembered, "A", now).ask is None


def test_a_run_that_failed_is_repeated_although_the_ratings_are_the_old_ones_again():
    # Its publication may have been begun.
    after_a = succeeded(look(EMPTY, "A", NOON), NOON)
    failed = settled(look(after_a, "B", NOON).remembered, "failed", None, NOON)
    assert look(failed, "A", NOON + 59 * SECOND).ask is None
    assert look(failed, "A", NOON + 60 * SECOND).ask is not None


def test_runs_keep_their_distance():
    remembered = succeeded(look(EMPTY, "A", NOON), NOON)
    minute = timedelta(minutes=1)
    early = look(remembered, "B", NOON + 59 * SECOND, min_interval=minute)
    assert early.ask is None
    assert "at least 1 minute apart" in early.reason
    assert look(early.remembered, "B", NOON + 60 * SECOND, min_interval=minute).ask is not None


def test_few_ratings_wait_for_more_but_not_for_ever():
    remembered = succeeded(look(EMPTY, "A", NOON), NOON)
    pace = {"min_new": 5, "max_wait": timedelta(hours=1)}
    few = look(remembered, "B", NOON, new=4, **pace)
    assert few.ask is None
    assert look(few.remembered, "C", NOON + SECOND, new=5, **pace).ask is not None
    more = look(few.remembered, "C", NOON + timedelta(minutes=59), new=4, **pace)
    assert more.ask is None
    # An hour after the first of them, not after the last.
    assert look(more.remembered, "C", NOON + timedelta(hours=1), new=4, **pace).ask is not None


def test_without_a_change_it_is_made_anew_once_a_day():
    day = timedelta(days=1)
    remembered = succeeded(look(EMPTY, "A", NOON), NOON)
    assert look(remembered, "A", NOON + day - SECOND, refresh=day).ask is None
    assert look(remembered, "A", NOON + day, refresh=day).ask is not None
    assert look(remembered, "A", NOON + 100 * day).ask is None


@pytest.mark.parametrize("step", [TWO_DAYS, -TWO_DAYS, timedelta(hours=1), -timedelta(hours=1)])
@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_a_clock_that_is_set_never_silences_a_sensor(step, state):
    """After any step, a change is run within the waits that were set, counted from the step."""
    pace = {
        "min_interval": timedelta(minutes=10),
        "min_new": 5,
        "max_wait": timedelta(minutes=30),
        "quiet": timedelta(minutes=1),
    }
    first = look(EMPTY, "A", NOON, new=9, **pace)
    first = look(first.remembered, "A", NOON + timedelta(minutes=1), new=9, **pace)
    remembered = settled(first.remembered, state, None, NOON + timedelta(minutes=2))
    remembered = look(remembered, "B", NOON + timedelta(minutes=3), **pace).remembered
    now = NOON + timedelta(minutes=4) + step
    for waited in range(31):
        decision = look(remembered, "B", now + timedelta(minutes=waited), **pace)
        if decision.ask is not None:
            break
        remembered = decision.remembered
    else:
        pytest.fail(decision.reason)
    # And the next wait is a real one again.
    after = settled(decision.remembered, "succeeded", None, now)
    soon = decision.ask.at + timedelta(minutes=5)
    assert look(after, "C", soon, new=9, **pace).ask is None


def test_summer_time_changes_nothing():
    berlin = ZoneInfo("Europe/Berlin")
    remembered = succeeded(look(EMPTY, "A", NOON.astimezone(berlin)), NOON)
    remembered = read_cursor(Watched, write_cursor(remembered))
    assert remembered is not None
    later = (NOON + 59 * SECOND).astimezone(berlin)
    assert later.utcoffset() != NOON.astimezone(berlin).utcoffset()
    minute = timedelta(minutes=1)
    assert look(remembered, "B", later, min_interval=minute).ask is None
    assert look(remembered, "B", later + SECOND, min_interval=minute).ask is not None


def test_random_lives_skip_nothing():
    """Whatever fails, jumps or restarts, in the end a successful run has worked on everything."""
    for seed in range(200):
        draw = random.Random(seed)
        remembered, now, version = EMPTY, NOON, 0
        keys: list[str] = []
        pace = {"min_interval": 60 * SECOND, "min_new": 3, "max_wait": timedelta(minutes=10)}
        for _ in range(60):
            now += draw.choice([10 * SECOND, 90 * SECOND, TWO_DAYS, -TWO_DAYS, -SECOND])
            version += draw.choice([0, 0, 1])
            state = draw.choice(["working", "succeeded", "failed", "missing"])
            remembered = settled(remembered, state, None, now)
            remembered = read_cursor(Watched, write_cursor(remembered)) or EMPTY
            decision = look(remembered, f"v{version}", now, new=draw.randint(1, 4), **pace)
            remembered = decision.remembered
            keys += [] if decision.ask is None else [decision.ask.key]
        for _ in range(500):
            now += 10 * SECOND
            remembered = settled(remembered, "succeeded", None, now)
            decision = look(remembered, f"v{version}", now, **pace)
            remembered = decision.remembered
            if decision.ask is None and remembered.done == f"v{version}":
                break
        assert remembered.done == f"v{version}", seed
        assert len(set(keys)) == len(keys), seed


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "7", '"x"', "{}", "[" * 100_000, "\x00"),
        *('{"version": 1}', '{"version": 2, "series": "s"}', '{"version": 1, "series": {}}'),
        '{"version": 1, "series": "s", "asked_at": "yesterday"}',
        '{"version": 1, "series": "s", "number": "many"}',
    ],
)
def test_a_damaged_cursor_counts_as_none(text):
    assert read_cursor(Watched, text) is None
    assert read_cursor(LabelsSeen, text) is None


def test_cursors_come_back():
    asked = Asked(key="s-1", at=NOON, what="A", labels=3, retry=True)
    watched = Watched(series="s", number=1, asked=asked, done="Ä", pending_since=NOON)
    seen = LabelsSeen(series="s", asked=asked, labels=2, failed=("ö%00",), corpus="c")
    for one in (watched, seen):
        assert read_cursor(type(one), write_cursor(one)) == one
    assert json.loads(write_cursor(seen))["version"] == 1
    assert read_cursor(Watched, write_cursor(seen)) is not None  # fields of others are ignored


def test_waits_grow_to_an_hour():
    assert [retry_wait(n) for n in (0, 1, 2)] == [
        timedelta(0),
        timedelta(minutes=1),
        timedelta(minutes=2),
    ]
    assert retry_wait(10**9) == LONGEST_RETRY
    assert has_passed(None, TWO_DAYS, NOON)
    assert [shown(timedelta(seconds=n)) for n in (0, 1, 59, 61, 7_200, 200_000)] == [
        "0 seconds",
        "1 second",
        "59 seconds",
        "1 minute",
        "2 hours",
        "2 days",
    ]


# ---- labels ------------------------------------------------------------------------------------

QUIET = timedelta(seconds=30)
NOBODY = LabelsSeen(series="s", corpus="c")


def person(key: str, first: int = 1, *, ago: float = 100, frozen: bool = False) -> Labeller:
    return Labeller(key, first, NOON - ago * SECOND, frozen)


def label_look(
    before: LabelsSeen,
    *people: Labeller,
    newest: int = 10,
    corpus: str | None = "c",
    now: datetime = NOON,
) -> LabelsDecision:
    return decided_labels(before, people, newest=newest, corpus=corpus, quiet=QUIET, now=now)


def test_many_people_are_one_run():
    people = [person(f"u{number:04d}", number) for number in range(1, 5_001)]
    decision = label_look(NOBODY, *people, newest=5_000)
    assert len(decision.keys) == 5_000
    assert len(write_cursor(decision.remembered)) < 1_000
    after = settled_labels(decision.remembered, "succeeded", (), NOON)
    assert after.labels == 5_000
    assert label_look(after, newest=5_000).ask is None


def test_somebody_who_is_labelling_is_left_alone_and_found_again():
    busy = label_look(NOBODY, person("a", 3), person("b", 5, ago=29))
    assert busy.keys == ("a",)
    after = settled_labels(busy.remembered, "succeeded", (), NOON)
    assert after.labels == 4
    only = label_look(after, person("b", 5, ago=29))
    assert only.ask is None
    assert only.remembered.labels == 4
    assert "labelled within the last 30 seconds" in only.reason
    assert label_look(after, person("b", 5, ago=30)).keys == ("b",)


def test_who_asked_for_a_training_does_not_wait():
    assert label_look(NOBODY, person("a", ago=0, frozen=True)).keys == ("a",)


@pytest.mark.parametrize("step", [TWO_DAYS, -TWO_DAYS])
def test_labels_from_another_clock_do_not_wait(step):
    assert label_look(NOBODY, person("a", ago=1), now=NOON + step).keys == ("a",)


def test_after_a_refit_everybody_is_made_at_once():
    refit = label_look(NOBODY, person("a", ago=0), person("b"), corpus="d")
    assert refit.keys == ("a", "b")
    after = settled_labels(refit.remembered, "succeeded", (), NOON)
    assert after.corpus == "d"
    # One that is too new to look at is not forgotten.
    assert label_look(NOBODY, corpus=None).remembered.corpus == "c"


def test_one_person_who_fails_holds_up_nobody_else():
    first = label_look(NOBODY, person("bad"), person("good"))
    after = settled_labels(first.remembered, "failed", ("bad",), NOON)
    assert (after.labels, after.failed, after.failures) == (10, ("bad",), 1)
    now = NOON + 30 * SECOND
    other = label_look(after, person("bad"), person("new", 11), newest=11, now=now)
    assert other.keys == ("new",)
    then = settled_labels(other.remembered, "succeeded", (), now)
    assert (then.failed, then.failures) == (("bad",), 1)
    now = NOON + 60 * SECOND
    again = label_look(then, person("bad"), newest=11, now=now)
    assert again.keys == ("bad",)
    assert settled_labels(again.remembered, "failed", ("bad",), now).failures == 2
    assert settled_labels(again.remembered, "succeeded", (), now).failed == ()


def test_a_run_that_failed_as_a_whole_is_tried_again_for_all():
    for failed in ((), tuple(f"u{n}" for n in range(MOST_FAILED + 1))):
        first = label_look(NOBODY, person("a"), person("b"))
        after = settled_labels(first.remembered, "failed", failed, NOON)
        assert (after.labels, after.failed) == (0, (EVERYBODY,))
        assert label_look(after, person("a"), person("c"), now=NOON + 59 * SECOND).ask is None
        again = label_look(after, person("a"), person("c"), now=NOON + 60 * SECOND)
        assert again.keys == ("a", "c")
        assert again.ask.key != first.ask.key


def test_failures_are_forgotten_with_the_people():
    after = LabelsSeen(series="s", corpus="c", failed=("gone",), failures=3, failed_at=NOON)
    assert label_look(after, now=NOON + SECOND).remembered.failed == ("gone",)
    assert label_look(after, now=NOON + LONGEST_RETRY).remembered.failed == ()
