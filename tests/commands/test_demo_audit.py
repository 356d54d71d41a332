"""The demo's audit half: a simulated person finds the two faults of a simulated system."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.commands.demo_audit import audit_sample, faults_note, show_sample_audit
from labelaudit_dagster.current_audit import read_current_audit
from labelaudit_dagster.sample import DEMO_USER, planted_faults
from labelaudit_dagster.settings import Settings


@pytest.mark.slow
def test_the_two_planted_faults_lead_and_nothing_else_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    settings = Settings(home=tmp_path / "home")
    told: list[str] = []
    audit_sample(settings, told.append)
    assert any("comment model" in text for text in told)
    show_sample_audit(settings)
    shown = capsys.readouterr().out
    store = ArtifactStore(settings.resolved_artifacts_url)
    [model] = read_current_audit(store, DEMO_USER).models
    first, second, third = model["topics"][:3]
    faults = {fault.direction: fault for fault in planted_faults()}
    assert {first["direction"], second["direction"]} == set(faults)
    ref = store.current("comment_topics")
    assert ref is not None
    topic_of = store.load_table(ref, "comments").set_index("item_id")["topic"]
    for topic in (first, second):
        assert topic["severity"] > 0.3
        planted = topic_of.loc[list(faults[topic["direction"]].item_ids)]
        assert (planted == topic["topic"]).mean() > 0.9
        assert f"no. 1 among the {topic['direction']} topics is {topic['topic']}" in shown
    assert third["severity"] < 0.1
    assert model["n_labels"] == 20
    assert model["honest_error"]["mae_of_mean"] < 0.8
    # A fault that the audit does not show is said not to be found.
    blind = {**model, "topics": [t for t in model["topics"] if t["topic"] != first["topic"]]}
    assert faults_note(store, blind).count("did not find it") == 1
    # Once more on the same home: nothing is doubled.
    audit_sample(settings, told.append)
    assert read_current_audit(store, DEMO_USER).models == [model]
