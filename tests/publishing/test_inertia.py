"""Inertia from one run to the next: what was published in between is kept, and nothing else.

Of the runs only the last two assets are made, on the real instance of the home: what the threshold
is compared with stays the same, and the solver is tested elsewhere.
"""

from __future__ import annotations

from typing import Any

from forked_commands import Home

from labelaudit_dagster.launch import run_group
from labelaudit_dagster.settings import Settings

INERTIA = 0.01
UPSTREAM = frozenset(
    {
        "factorization", "guideline_ratings", "guidelines", "participants", "published_parameters",
        "quarantine", "ratings_export", "response_matrix", "topics", "uncertainty",
    }
)  # fmt: skip


def decide(home: Home, *, publish: bool = False, **options: float) -> dict[str, Any]:
    """Run the decision alone on the ratings as they are; return the constitution."""
    outcome = run_group(
        Settings(home=home.path),
        "constitution",
        job="constitution_and_publish_job" if publish else None,
        skip=UPSTREAM,
        run_config={"ops": {"constitution": {"config": options}}},
    )
    assert outcome.succeeded, outcome.problems
    return current(home)


def current(home: Home) -> dict[str, Any]:
    """Return the current document as it is stored, with the version it has there."""
    ref = home.store.current("constitution")
    assert ref is not None
    return {**home.store.load_json(ref, "document"), "version": ref.version}


def rows(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["guideline_id"]: row for row in document["guidelines"]}


def test_what_is_published_is_kept_within_the_band_and_nothing_else(made_home: Home) -> None:
    first = current(made_home)
    key = min(first["accepted"], key=lambda one: rows(first)[one]["intercept"])
    intercept = rows(first)[key]["intercept"]
    inside = {"intercept_threshold": intercept + INERTIA / 2, "inertia": INERTIA}
    beyond = {"intercept_threshold": intercept + 2 * INERTIA, "inertia": INERTIA}

    # Nothing is published, so that nothing is kept.
    unpublished = decide(made_home, **inside)
    assert rows(unpublished)[key]["status"] == "rejected"
    assert unpublished["provenance"]["inertia_from"] == {"publication": None, "version": None}

    published = decide(made_home, publish=True)
    assert published["accepted"] == first["accepted"]
    (publication,) = made_home.publications()
    assert publication.state == "sent"

    kept = decide(made_home, **inside)
    row = rows(kept)[key]
    assert (row["status"], row["kept_by_inertia"]) == ("accepted", True)
    assert row["intercept"] == intercept
    assert kept["provenance"]["inertia_from"] == {
        "publication": publication.sequence, "version": published["version"],
    }  # fmt: skip
    others = set(rows(kept)) - set(published["accepted"])
    assert others
    for other in others:
        assert rows(kept)[other]["status"] == rows(unpublished)[other]["status"] == "rejected"

    # Beyond the band it leaves; no rating has changed, so that a person has to look at it.
    left = decide(made_home, publish=True, **beyond)
    assert rows(left)[key]["status"] == "rejected"
    *_, held = made_home.publications()
    assert held.state == "held"
    (reason,) = held.held_because or ()
    assert "no rating has changed since the last publication" in reason
