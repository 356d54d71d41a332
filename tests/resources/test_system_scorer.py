"""The audited system over HTTP: against a scorer on loopback that misbehaves as it is told."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fault_expectations import FATAL, PASSING, TOO_LONG
from platform_exchange import Exchange, RecordedRequest
from platform_server import PlatformServer
from virtual_clock import VirtualClock

from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE, RatingScale
from labelaudit_dagster.importers import validate_corpus_table
from labelaudit_dagster.platform_client import Misconfigured
from labelaudit_dagster.resources.system_scorer import (
    CACHE_FILE,
    score_comments,
    system_scorer,
)
from labelaudit_dagster.scorer_client import (
    ScoreCache,
    ScoreCacheError,
    ScorerError,
    SystemScorer,
    TokenBucket,
)
from labelaudit_dagster.settings import load_settings

KEY = "sk-live/Ab+9<z>&'exxxxxxxxxxxx"
TEXTS = [f"comment number {number}" for number in range(25)]


def true_score(text: str) -> float:
    """What the system thinks of a text: anything that depends on nothing else."""
    return (sum(text.encode("utf-8", "surrogatepass")) % 401) / 100


class ScorerServer(PlatformServer):
    """A scorer: well-behaved after the end of its plan."""

    def well_behaved(self, request: RecordedRequest) -> tuple[int, bytes, dict[str, str]]:
        scores = [true_score(text) for text in json.loads(request.body)["texts"]]
        return 200, json.dumps({"scores": scores, "model": "x"}).encode(), {}

    @property
    def sent(self) -> list[list[str]]:
        """The texts of every request."""
        return [json.loads(request.body)["texts"] for request in self.requests]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def server(clock: VirtualClock) -> Iterator[ScorerServer]:
    with ScorerServer(clock=clock, pause=clock.advance, drip_seconds=1.0, now=clock.now) as started:
        yield started


@pytest.fixture
def make_scorer(
    server: ScorerServer, clock: VirtualClock, tmp_path: Path
) -> Callable[..., SystemScorer]:
    """Make a scorer as the settings would; options replace the settings."""

    def make(scale: RatingScale = TOXICITY_SCALE, **options: Any) -> SystemScorer:
        given: dict[str, Any] = {
            "home": tmp_path / "home",
            "scorer_url": f"{server.origin}/v1/score",
            "scorer_api_key": KEY,
            "scorer_batch_size": 10,
            "scorer_requests_per_minute": 0,
            "http_timeout_seconds": 0.4,
            "http_deadline_seconds": 60,
            "http_attempts": 3,
            "http_max_bytes": 1024 * 1024,
        }
        settings = load_settings(**{**given, **options})
        scorer = system_scorer(settings, scale, clock=clock, sleep=clock.sleep, now=clock.now)
        assert scorer is not None
        return scorer

    return make


def answer(scores: object) -> Callable[[Exchange], None]:
    """Answer with a document that JSON of Python can write, NaN included."""
    return lambda exchange: exchange.answer(200, json.dumps({"scores": scores}).encode())


def test_all_texts_are_scored_in_order_and_in_batches(server, make_scorer):
    told = []
    scores = make_scorer().score(TEXTS, progress=lambda done, total: told.append((done, total)))
    assert scores.tolist() == [true_score(text) for text in TEXTS]
    assert server.sent == [TEXTS[:10], TEXTS[10:20], TEXTS[20:]]
    assert told == [(0, 25), (10, 25), (20, 25), (25, 25)]
    request = server.requests[0]
    assert (request.method, request.path, request.query) == ("POST", "/v1/score", "")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("path", ["", "/", "/score", "/a/b/score/"])
def test_the_address_is_asked_as_it_was_given(server, make_scorer, path):
    make_scorer(scorer_url=server.origin + path).score(["a"])
    assert server.requests[0].path.rstrip("/") == path.rstrip("/")


def test_a_scorer_may_want_no_key(server, make_scorer):
    make_scorer(scorer_api_key=None).score(["a"])
    assert "authorization" not in server.requests[0].headers


def test_nothing_is_asked_twice(server, make_scorer):
    repeated = ["a", "b", "a", "c", "b", "a"]
    scores = make_scorer().score(repeated)
    assert scores.tolist() == [true_score(text) for text in repeated]
    assert server.sent == [["a", "b", "c"]]
    assert make_scorer().score(["c", "d", "a"]).tolist() == [true_score(t) for t in "cda"]
    assert server.sent[1:] == [["d"]]


def test_no_texts_ask_nothing(server, make_scorer):
    assert make_scorer().score([]).shape == (0,)
    assert server.requests == []


def test_texts_of_every_kind_arrive_verbatim(server, make_scorer):
    texts = [
        "",
        " ",
        "Grüße 你好 🙂",
        'quote " and \\ and \n',
        "nul \x00",
        "half \ud83d",
        "x" * 100_000,
    ]
    assert make_scorer().score(texts).tolist() == [true_score(text) for text in texts]
    assert server.sent == [texts]


def test_long_texts_make_small_batches(server, make_scorer):
    texts = [letter * 400_000 for letter in "abcde"] + ["f" * 2_000_000, "g"]
    make_scorer().score(texts)
    assert [len(batch) for batch in server.sent] == [2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    "change",
    [{"scorer_version": "2"}, {"scorer_url": "/v2/score"}, {"scorer_highest": 5.0}],
)
def test_another_system_is_asked_anew(server, make_scorer, change):
    make_scorer().score(["a"])
    if "scorer_url" in change:
        change = {"scorer_url": server.origin + change["scorer_url"]}
    make_scorer(**change).score(["a"])
    make_scorer().score(["a"])
    assert server.sent == [["a"], ["a"]]


def test_scores_are_mapped_onto_the_scale_of_the_corpus(server, make_scorer):
    comments = pd.DataFrame({"item_id": np.array([3, 7, 9]), "text": ["a", "b", "c"]})
    server.prepare([answer([0, 0.25, 1])])
    scale = RatingScale.from_values([1, 2, 3, 4, 5])
    scorer = make_scorer(scale, scorer_lowest=0.0, scorer_highest=1.0)
    frame = score_comments(scorer, comments, scale)
    assert frame["item_id"].tolist() == [3, 7, 9]
    assert frame["system_rating"].tolist() == [1.0, 2.0, 5.0]
    validate_corpus_table("system_ratings", frame)
    assert score_comments(make_scorer(), comments, TOXICITY_SCALE)["system_rating"].tolist() == [
        true_score(text) for text in "abc"
    ]


@pytest.mark.parametrize("fault", sorted(PASSING))
def test_passing_fault_is_survived(server, make_scorer, clock, fault, caplog):
    caplog.set_level("DEBUG")
    server.prepare(["ok", fault])
    scores = make_scorer().score(TEXTS)
    assert scores.tolist() == [true_score(text) for text in TEXTS]
    assert [len(batch) for batch in server.sent] == [10, 10, 10, 5]
    assert KEY not in caplog.text


def test_retry_after_is_honoured(server, make_scorer, clock):
    server.prepare(["retry_after_seconds"])
    make_scorer().score(["a"])
    assert clock.slept == [3.0]
    assert server.requests[1].at - server.requests[0].at >= 3.0


@pytest.mark.parametrize("fault", sorted({*FATAL, *TOO_LONG, "not_success", "gzip_good"}))
def test_fatal_fault_names_the_batch_and_keeps_the_rest(server, make_scorer, fault, caplog):
    caplog.set_level("DEBUG")
    server.prepare(["ok", fault])
    with pytest.raises(ScorerError) as caught:
        make_scorer().score(TEXTS, names=[f"#{number}" for number in range(25)])
    error = caught.value
    message = str(error)
    assert message.startswith("Batch 2 of 3 (comments #10 to #19) was not scored: POST http://")
    assert message.endswith("10 of 25 scores are kept, and the next run goes on from there.")
    assert (error.batch, error.n_batches, error.n_kept, error.n_texts) == (2, 3, 10, 25)
    assert "\n" not in message
    shown = "".join(traceback.format_exception(error)) + caplog.text + repr(vars(error))
    assert KEY not in shown
    assert error.__context__ is None
    # What is there is not asked for again.
    server.prepare([])
    assert make_scorer().score(TEXTS).tolist() == [true_score(text) for text in TEXTS]
    assert server.sent == [TEXTS[10:20], TEXTS[20:]]


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ([1.0, 2.0], "brought 2 scores for 3 texts"),
        ([1.0, 2.0, 3.0, 4.0], "brought 4 scores for 3 texts"),
        ([], "brought 0 scores for 3 texts"),
        ({"a": 1.0}, "brought no list `scores`"),
        (None, "brought no list `scores`"),
        ([1.0, float("nan"), 2.0], "brought nan as score 2 of the batch"),
        ([float("inf"), 1.0, 2.0], "brought inf as score 1 of the batch"),
        ([1.0, 2.0, None], "brought null as score 3 of the batch"),
        ([1.0, "2.0", 3.0], "brought a str as score 2 of the batch"),
        ([True, 2.0, 3.0], "brought a bool as score 1 of the batch"),
        ([1.0, [2.0], 3.0], "brought a list as score 2 of the batch"),
        ([1.0, 2.0, 4.001], "brought 4.001 as score 3 of the batch, which is beyond the scale"),
        ([-0.1, 2.0, 3.0], "brought -0.1 as score 1 of the batch, which is beyond the scale"),
    ],
)
def test_scores_that_cannot_be_are_refused_whole(server, make_scorer, scores, reason):
    server.prepare([answer(scores)])
    with pytest.raises(ScorerError, match=r"^Batch 1 of 1 \(comments 1 to 3\)") as caught:
        make_scorer().score(["a", "b", "c"])
    assert reason in str(caught.value)
    assert len(server.requests) == 1
    assert caught.value.n_kept == 0
    # No part of the bad answer was kept.
    assert make_scorer().score(["a", "b", "c"]).tolist() == [true_score(text) for text in "abc"]


def test_a_wait_beyond_the_deadline_ends_at_once_and_says_until_when(server, make_scorer, clock):
    server.prepare(["retry_after_day"])
    with pytest.raises(ScorerError, match="wants to be asked again at") as caught:
        make_scorer().score(["a"])
    assert caught.value.status == 429
    assert caught.value.retry_at is not None
    assert clock.slept == []


def test_requests_keep_to_the_limit(server, make_scorer, clock):
    server.prepare(["ok", "error_500"])
    make_scorer(scorer_batch_size=1, scorer_requests_per_minute=30).score(TEXTS[:20])
    times = [request.at for request in server.requests]
    assert len(times) == 21
    # Every request counts, the repeated one too: 21 take 20 intervals of two seconds.
    assert times[-1] - times[0] >= 2.0 * 20 - 0.1
    for first in times:
        assert sum(first <= time < first + 60 for time in times) <= 31


def test_token_bucket_spaces_and_never_saves_up():
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    bucket = TokenBucket(60, clock=lambda: now[0], sleep=sleep)
    bucket.take()
    assert slept == []
    bucket.take()
    assert sum(slept) == pytest.approx(1.0)
    now[0] += 100.0
    bucket.take()
    bucket.take()
    assert sum(slept) == pytest.approx(2.0)
    bucket.charge(3)
    bucket.take()
    assert sum(slept) == pytest.approx(6.0)
    with pytest.raises(ValueError, match="per_minute"):
        TokenBucket(-1)


SCORING = """
import sys
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.resources.system_scorer import system_scorer
from labelaudit_dagster.settings import load_settings

texts = [f"comment number {number}" for number in range(60)]
system_scorer(load_settings(), TOXICITY_SCALE).score(texts)
"""


@pytest.mark.parametrize("answered", [False, True])
def test_a_killed_run_is_resumed(server, tmp_path, answered):
    """Kill the process that scores, before or just after the fourth answer."""
    texts = [f"comment number {number}" for number in range(60)]
    environment = {
        **os.environ,
        "LABELAUDIT_HOME": str(tmp_path / "home"),
        "LABELAUDIT_SCORER_URL": f"{server.origin}/score",
        "LABELAUDIT_SCORER_API_KEY": KEY,
        "LABELAUDIT_SCORER_BATCH_SIZE": "10",
        "LABELAUDIT_SCORER_REQUESTS_PER_MINUTE": "0",
    }
    children: list[subprocess.Popen[bytes]] = []

    def kill(exchange: Exchange) -> None:
        if answered:
            exchange.good()
        children[0].send_signal(signal.SIGKILL)

    server.prepare(["ok", "ok", "ok", kill])
    children.append(subprocess.Popen([sys.executable, "-c", SCORING], env=environment))
    assert children[0].wait(timeout=60) == -signal.SIGKILL
    assert len(server.requests) == 4

    server.prepare([])
    done = subprocess.run(
        [sys.executable, "-c", SCORING], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    # Three batches were kept; the fourth may have been, if its answer came before the kill.
    asked = [text for batch in server.sent for text in batch]
    assert asked in ([texts[30:]] if not answered else [texts[30:], texts[40:]])
    with ScoreCache.open(tmp_path / "home" / "cache" / CACHE_FILE) as cache:
        (system,) = {
            row[0] for row in cache._connection.execute("SELECT DISTINCT system FROM scores")
        }
        assert sorted(cache.scores(system).values()) == sorted(true_score(t) for t in texts)


def test_the_cache_holds_neither_texts_nor_keys(server, make_scorer, tmp_path):
    make_scorer().score(["a very private comment"])
    content = (tmp_path / "home" / "cache" / CACHE_FILE).read_bytes()
    assert b"private" not in content
    assert KEY.encode() not in content


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"x" * 99]
)
def test_a_damaged_cache_is_put_aside(server, make_scorer, tmp_path, content, caplog):
    path = tmp_path / "home" / "cache" / CACHE_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert make_scorer().score(["a"]).tolist() == [true_score("a")]
    assert path.with_name(f"{CACHE_FILE}.damaged").read_bytes() == content
    assert "is damaged" in caplog.text
    make_scorer().score(["a"])
    assert len(server.requests) == 1


def test_a_cache_of_a_newer_release_is_left_alone(make_scorer, server, tmp_path):
    make_scorer().score(["a"])
    path = tmp_path / "home" / "cache" / CACHE_FILE
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ScoreCacheError, match="newer release"):
        make_scorer().score(["b"])
    assert path.read_bytes() == before
    assert len(server.requests) == 1


def test_a_cache_that_cannot_be_made_is_named(make_scorer, server, tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(ScoreCacheError, match=CACHE_FILE):
        make_scorer().score(["a"])
    assert server.requests == []


def test_without_an_address_there_is_no_scorer(monkeypatch):
    monkeypatch.delenv("LABELAUDIT_SCORER_URL", raising=False)
    assert system_scorer(load_settings(), TOXICITY_SCALE) is None


def test_a_range_upside_down_is_named(make_scorer):
    with pytest.raises(Misconfigured, match="LABELAUDIT_SCORER_LOWEST"):
        make_scorer(scorer_lowest=4.0)


def test_scoring_loads_no_dagster():
    program = (
        "import sys; import labelaudit_dagster.resources.system_scorer;"
        "print('dagster' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
