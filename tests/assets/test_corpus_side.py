"""The corpus side: values, checks, pictures, and where the ratings of the system come from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest
from audit_homes import AuditHome, small_corpus

from labelaudit_dagster.definitions import build_definitions
from labelaudit_dagster.settings import Settings

CORPUS_SIDE = {
    "comments": 60,
    "raters": 12,
    "comment_ratings": 240,
    "given_system_ratings": 60,
    "corpus_quarantine": 0,
    "corpus_scale": None,
    "comment_topics": None,
    "system_ratings": 60,
    "rating_splits": 60,
    "comment_model": None,
}
PICTURES = {"comment_topics": "sizes", "system_ratings": "ratings", "comment_model": "severities"}


def executed(home: AuditHome, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = build_definitions(home.settings).resolve_job_def("audit_job")
    return job.execute_in_process(instance=instance, raise_on_error=False)


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[AuditHome, dg.ExecuteInProcessResult]]:
    home = AuditHome(Settings(home=tmp_path_factory.mktemp("corpus") / "home"))
    home.settings.home.mkdir()
    home.load(small_corpus())
    with dg.DagsterInstance.ephemeral() as instance:
        yield home, executed(home, instance)


def test_everything_is_made_with_lineage(made: tuple[AuditHome, dg.ExecuteInProcessResult]):
    home, result = made
    assert result.success
    events = {
        event.asset_key.to_user_string(): event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    assert set(events) == set(CORPUS_SIDE)
    specs = {
        spec.key.to_user_string(): spec
        for spec in build_definitions(home.settings).resolve_all_asset_specs()
    }
    for name, rows in CORPUS_SIDE.items():
        metadata = {key: value.value for key, value in events[name].metadata.items()}
        ref = home.store.current(name)
        assert ref is not None
        manifest = home.store.verify(ref)
        assert manifest.row_count == rows
        assert set(manifest.inputs) == {dep.asset_key.to_user_string() for dep in specs[name].deps}
        drawn = [key for key, value in metadata.items() if str(value).startswith("![")]
        assert drawn == ([PICTURES[name]] if name in PICTURES else [])
    shown = {key: value.value for key, value in events["comment_topics"].metadata.items()}
    assert shown["topics"] >= 1
    assert "stability (adjusted Rand index of half samples)" in shown


def test_checks_passed_and_say_what_they_saw(made: tuple[AuditHome, dg.ExecuteInProcessResult]):
    checks = {
        f"{event.asset_key.to_user_string()}:{event.check_name}": event
        for event in made[1].get_asset_check_evaluations()
    }
    assert set(checks) == {
        "comment_ratings:schema",
        "comment_ratings:rows_conserved",
        "comment_ratings:enough_ratings",
        "system_ratings:every_comment",
        "comment_model:usable",
        "comment_model:converged",
    }
    assert [name for name, check in checks.items() if not check.passed] == []
    assert "240 in = 240 kept + 0" in (checks["comment_ratings:rows_conserved"].description or "")
    assert "12 people" in (checks["comment_ratings:enough_ratings"].description or "")


def test_the_same_corpus_gives_the_same_bytes(made: tuple[AuditHome, dg.ExecuteInProcessResult]):
    home = made[0]
    before = {name: home.contents(name) for name in CORPUS_SIDE}
    with dg.DagsterInstance.ephemeral() as instance:
        assert executed(home, instance).success
    for name in CORPUS_SIDE:
        after = home.contents(name)
        if name == "comment_model":  # its document says how long the fit took
            assert after.pop("model") != before[name].pop("model")
        assert after == before[name], name


def test_ratings_by_one_person_stop_the_run(tmp_path: Path):
    home = AuditHome(Settings(home=tmp_path))
    corpus = small_corpus()
    alone = corpus.comment_ratings[corpus.comment_ratings["rater_id"] == "r00"]
    raters = corpus.raters[corpus.raters["rater_id"] == "r00"]
    counts = {
        name: replace(corpus.counts[name], rows_in=len(frame), rows_kept=len(frame))
        for name, frame in (("comment_ratings", alone), ("raters", raters))
    }
    home.load(
        replace(
            corpus,
            comment_ratings=alone.reset_index(drop=True),
            raters=raters.reset_index(drop=True),
            counts={**corpus.counts, **counts},
        )
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = executed(home, instance)
    assert not result.success
    failed = [
        check.check_name for check in result.get_asset_check_evaluations() if not check.passed
    ]
    assert failed == ["enough_ratings"]
    assert home.store.current("comment_model") is None


def source_of(home: AuditHome) -> str:
    ref = home.store.current("system_ratings")
    assert ref is not None
    return str(home.store.manifest(ref).extra["source"])


def test_ratings_of_a_system_that_knows_a_part_are_named(tmp_path: Path):
    home = AuditHome(Settings(home=tmp_path))
    corpus = small_corpus()
    assert corpus.system_ratings is not None
    part = corpus.system_ratings.iloc[:50]
    counts = replace(corpus.counts["system_ratings"], rows_in=50, rows_kept=50)
    home.load(
        replace(corpus, system_ratings=part, counts={**corpus.counts, "system_ratings": counts})
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = executed(home, instance)
    assert result.success
    [check] = [c for c in result.get_asset_check_evaluations() if c.check_name == "every_comment"]
    assert not check.passed
    assert "10 of 60" in (check.description or "")
    assert source_of(home) == "given"


def test_without_scores_a_regressor_stands_in(tmp_path: Path):
    home = AuditHome(Settings(home=tmp_path))
    home.load(small_corpus().without_system_ratings())
    with dg.DagsterInstance.ephemeral() as instance:
        assert executed(home, instance).success
    assert source_of(home) == "embedded"
    ref = home.store.current("system_ratings")
    assert ref is not None
    ratings = home.store.load(ref)["system_rating"]
    assert ratings.between(0, 4).all()
    assert ratings.nunique() > 5


class _Scorer(BaseHTTPRequestHandler):
    """Scores a text by its last character."""

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["texts"]
        body = json.dumps({"scores": [int(text[-1]) / 4 for text in texts]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_system_over_http_is_asked(tmp_path: Path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Scorer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        settings = Settings(
            home=tmp_path,
            scorer_url=f"http://127.0.0.1:{server.server_port}/score",
            scorer_lowest=0,
            scorer_highest=1,
        )
        home = AuditHome(settings)
        corpus = small_corpus()
        home.load(corpus.without_system_ratings())
        with dg.DagsterInstance.ephemeral() as instance:
            result = executed(home, instance)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert result.success
    assert source_of(home) == "scorer"
    ref = home.store.current("system_ratings")
    assert ref is not None
    expected = [float(text[-1]) for text in corpus.comments["text"]]
    assert home.store.load(ref)["system_rating"].tolist() == expected


def test_empty_home_names_what_to_do(tmp_path: Path):
    with dg.DagsterInstance.ephemeral() as instance:
        result = executed(AuditHome(Settings(home=tmp_path)), instance)
    [failure] = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    data = failure.step_failure_data.user_failure_data
    assert data is not None
    assert "labelaudit import ratings" in (data.description or "")
