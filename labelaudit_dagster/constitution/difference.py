"""What changed between two constitutions, as a document and as sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from labelaudit_dagster.constitution.reasons import TESTS

Record = Mapping[str, Any]

NUMBERS = ("status", "n_ratings", "raw_support", "intercept", "consensus_score")
"""Fields of a guideline that a difference shows before and after."""

_IN_WORDS = {
    "min_ratings": "the number of ratings",
    "min_support": "raw support",
    "intercept_threshold": "the intercept",
    "numerical_precision": "the numerical precision",
}


def churn(before: Collection[str], after: Collection[str]) -> float:
    """Return |A Δ B| / |A ∪ B| of two sets of ids: 0 for equal sets (both empty too), at most 1."""
    a, b = set(before), set(after)
    union = a | b
    return len(a ^ b) / len(union) if union else 0.0


def diff_constitutions(previous: Record | None, new: Record) -> dict[str, Any]:
    """Compare two documents of `constitution_document`.

    Args:
        previous: the earlier document, or None where there is none.
        new: the later document.

    Returns:
        Document of plain JSON types, every list ordered by id: `previous_version`,
        `new_version`, `n_accepted_before`, `n_accepted_after`, `churn`, `entered`, `left`,
        `stayed` (accepted in both, with `score_change`), `new_guidelines`,
        `removed_guidelines`, `edited_guidelines` (same id, another text) and
        `changed_parameters`. A record of `entered`, `left` and `stayed` has `guideline_id`,
        `text`, `before` and `after` (`NUMBERS`, or None where the guideline did not exist),
        `changed_tests` (tests that pass in one of the two only) and `sentence`.
    """
    earlier = _by_id(previous)
    later = _by_id(new)
    accepted_before = set(previous["accepted"]) if previous is not None else set()
    accepted_after = set(new["accepted"])

    def records(ids: Collection[str], verb: str) -> list[dict[str, Any]]:
        return [_change(key, earlier.get(key), later.get(key), verb) for key in sorted(ids)]

    stayed = records(accepted_before & accepted_after, "stays")
    for record in stayed:
        record["score_change"] = (
            record["after"]["consensus_score"] - record["before"]["consensus_score"]
        )
    return {
        "previous_version": None if previous is None else previous["version"],
        "new_version": new["version"],
        "n_accepted_before": len(accepted_before),
        "n_accepted_after": len(accepted_after),
        "churn": churn(accepted_before, accepted_after),
        "entered": records(accepted_after - accepted_before, "enters"),
        "left": records(accepted_before - accepted_after, "leaves"),
        "stayed": stayed,
        "new_guidelines": [_mention(later[key]) for key in sorted(later.keys() - earlier.keys())],
        "removed_guidelines": [
            _mention(earlier[key]) for key in sorted(earlier.keys() - later.keys())
        ],
        "edited_guidelines": [
            {
                "guideline_id": key,
                "text_before": earlier[key]["text"],
                "text_after": later[key]["text"],
            }
            for key in sorted(earlier.keys() & later.keys())
            if earlier[key]["text"] != later[key]["text"]
        ],
        "changed_parameters": _changed_parameters(previous, new),
    }


def difference_sentences(difference: Record) -> list[str]:
    """Return what a difference says as sentences, the most important first.

    A first constitution is told as such; where nothing changed, one sentence says so. New and
    removed guidelines are counted, not listed.
    """
    after = difference["n_accepted_after"]
    if difference["previous_version"] is None:
        return [f"This is the first constitution; it accepts {_many(after)}."]
    sentences = []
    entered, left = len(difference["entered"]), len(difference["left"])
    if entered or left:
        sentences.append(
            f"{entered} entered and {left} left: {_many(after)} accepted after"
            f" {difference['n_accepted_before']:,} before"
            f" (churn {100 * difference['churn']:.0f}%)."
        )
    sentences += [
        f"{name} changed from {change['before']} to {change['after']}."
        for name, change in difference["changed_parameters"].items()
    ]
    for key in ("entered", "left"):
        sentences += [record["sentence"] for record in difference[key]]
    sentences += [
        record["sentence"] for record in difference["stayed"] if record["score_change"] != 0
    ]
    for record in difference["edited_guidelines"]:
        sentences.append(
            f"{_label(record['guideline_id'], record['text_after'])} has a new text;"
            f" before it read {_quote(record['text_before'])}."
        )
    for key, what in (("new_guidelines", "new"), ("removed_guidelines", "gone")):
        count = len(difference[key])
        if count:
            sentences.append(f"{_many(count)} {'is' if count == 1 else 'are'} {what}.")
    return sentences or [f"Nothing changed: the same {_many(after)} accepted with the same scores."]


def _change(key: str, before: Record | None, after: Record | None, verb: str) -> dict[str, Any]:
    """Return one guideline's record of what changed, with a sentence."""
    shown = after if after is not None else before
    text = "" if shown is None else shown["text"]
    changed = _changed_tests(before, after)
    return {
        "guideline_id": key,
        "text": text,
        "before": _numbers(before),
        "after": _numbers(after),
        "changed_tests": changed,
        "sentence": _sentence(_label(key, text), before, after, verb, changed),
    }


def _sentence(
    label: str, before: Record | None, after: Record | None, verb: str, changed: list[str]
) -> str:
    """Return why one guideline enters, leaves or stays."""
    if before is None and after is not None:
        return f"{label} {verb}: it is new, with {_figures(after)}."
    if after is None:
        return f"{label} {verb}: the guideline no longer exists."
    if before is None:
        return f"{label} {verb}."
    if verb == "stays":
        old, new = before["consensus_score"], after["consensus_score"]
        return f"{label} {verb} with a score of {new:.4f} after {old:.4f}."
    causes = [_cause(test, before, after) for test in changed]
    return f"{label} {verb}: {'; '.join(causes) or 'its status changed'}."


def _cause(test: str, before: Record, after: Record) -> str:
    """Return one changed test in words, with the numbers before and after."""
    old, new = _reason(before, test), _reason(after, test)
    verdict = "now passes" if new["passed"] else "no longer passes"
    limit = f"limit {_spell(test, new['threshold'])}"
    if new["threshold"] != old["threshold"]:
        limit += f", before {_spell(test, old['threshold'])}"
    numbers = f"from {_spell(test, old['value'])} to {_spell(test, new['value'])}"
    return f"{_IN_WORDS[test]} {verdict}, {numbers} ({limit})"


def _spell(test: str, value: float | None) -> str:
    """Return a number of a test in its unit."""
    if value is None:
        return "none"
    if test == "min_ratings":
        return f"{value:,.0f}"
    if test == "min_support":
        return f"{100 * value:.4g}%"
    return f"{value:.6g}" if test == "intercept_threshold" else f"{value:.2g}"


def _changed_tests(before: Record | None, after: Record | None) -> list[str]:
    """Return the tests that pass in one of the two only, in the order of `TESTS`."""
    if before is None or after is None:
        return []
    return [
        test for test in TESTS if _reason(before, test)["passed"] != _reason(after, test)["passed"]
    ]


def _changed_parameters(previous: Record | None, new: Record) -> dict[str, dict[str, Any]]:
    """Return parameters that differ, by name."""
    if previous is None:
        return {}
    old, now = previous["parameters"], new["parameters"]
    return {
        name: {"before": old.get(name), "after": now.get(name)}
        for name in sorted(old.keys() | now.keys())
        if old.get(name) != now.get(name)
    }


def _by_id(document: Record | None) -> dict[str, Record]:
    return {} if document is None else {row["guideline_id"]: row for row in document["guidelines"]}


def _reason(record: Record, test: str) -> Record:
    reason: Record = next(reason for reason in record["reasons"] if reason["test"] == test)
    return reason


def _numbers(record: Record | None) -> dict[str, Any] | None:
    return None if record is None else {name: record[name] for name in NUMBERS}


def _mention(record: Record) -> dict[str, Any]:
    return {name: record[name] for name in ("guideline_id", "text", "status")}


def _figures(record: Record) -> str:
    return (
        f"{record['n_ratings']:,} ratings, {100 * record['raw_support']:.1f}% support and an"
        f" intercept of {record['intercept']:.4f}"
    )


def _label(guideline_id: str, text: str) -> str:
    return f"{guideline_id} ({_quote(text)})"


def _quote(text: str, longest: int = 80) -> str:
    """Return a text on one line, shortened, in quotation marks."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= longest else line[: longest - 1].rstrip() + '…'}”"


def _many(count: int) -> str:
    return "1 guideline" if count == 1 else f"{count:,} guidelines"
