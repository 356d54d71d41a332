"""How often somebody may ask, and what the figures tell about it."""

from __future__ import annotations

import re

from labelaudit_dagster.store import create_token


def figures(server, **options):
    text = server.get("/metrics", **options).text
    return dict(re.findall(r"^(labelaudit_\S+) (\S+)$", text, flags=re.MULTILINE))


def test_a_token_that_asks_too_often_waits(make_server):
    with make_server(rate_limit_per_minute=5) as server:
        headers = {"Authorization": f"Bearer {server.token('operator')}"}
        answers = [server.get("/v1/constitution", headers=headers) for _ in range(8)]
        assert [answer.status_code for answer in answers] == [404] * 5 + [429] * 3
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[-1].json()["type"] == "urn:labelaudit:problem:too-many-requests"
        # Others are not held up by it, nor is the watchman.
        other = {"Authorization": f"Bearer {server.token('pipeline')}"}
        assert server.get("/v1/constitution", headers=other).status_code == 404
        assert server.get("/healthz", headers=headers).status_code == 200


def test_whoever_guesses_tokens_waits_even_with_a_good_one(make_server):
    with make_server(failure_limit_per_minute=3) as server:
        good = {"Authorization": f"Bearer {server.token('operator')}"}
        for _ in range(3):
            wrong = {"Authorization": "Bearer la_0123456789abcdef_x"}
            assert server.get("/v1/constitution", headers=wrong).status_code == 401
        assert server.get("/v1/constitution", headers=wrong).status_code == 429
        assert server.get("/v1/constitution", headers=good).status_code == 429


def test_zero_sets_no_limit_and_no_token_means_none(make_server):
    with make_server(rate_limit_per_minute=0, failure_limit_per_minute=0) as server:
        assert {server.get("/v1/constitution").status_code for _ in range(20)} == {404}
        headers = {"Authorization": f"Bearer {server.token('operator')}"}
        assert {server.get("/v1/constitution", headers=headers).status_code for _ in range(20)} == {
            404
        }


def test_metrics_count_by_route_and_never_by_what_somebody_sent(server):
    server.get("/v1/constitution")
    server.get("/nowhere/la_secret?user=ann")
    server.post("/healthz")
    text = server.get("/metrics").text
    assert "secret" not in text
    assert "ann" not in text
    found = figures(server)
    name = "labelaudit_http_requests_total"
    assert found[f'{name}{{method="GET",route="/v1/constitution",status="404"}}'] == "1.0"
    assert found[f'{name}{{method="GET",route="none",status="404"}}'] == "1.0"
    assert found["labelaudit_http_requests_active"] == "1.0"
    # The request for the figures before this one has ended.
    assert found[f'{name}{{method="GET",route="/metrics",status="200"}}'] == "1.0"


def test_figures_of_two_applications_are_apart(server, make_server, tmp_path):
    server.get("/v1/constitution")
    create_token(server.database, "operator", now=server.app.state.services.now())
    from app_api.metrics import Metrics

    other = Metrics()
    other.gauge("things", "Things.", lambda: 7.0)
    assert b"labelaudit_things 7.0" in other.exposition()
    assert b"/v1/constitution" not in other.exposition()


def test_figures_of_the_home(server):
    found = figures(server)
    assert found["labelaudit_publications_held"] == "0.0"
    assert found["labelaudit_labels_waiting"] == "0.0"
    assert float(found["labelaudit_home_free_bytes"]) > 0
    # What nobody knows yet is no number.
    assert found["labelaudit_constitution_age_seconds"] == "NaN"
    assert found["labelaudit_daemon_running"] == "NaN"


def test_figures_of_a_home_in_use(make_audited_server):
    from labelaudit_dagster.store import Label, add_labels, add_rating, hold_publication

    with make_audited_server() as running:
        now = running.app.state.services.now()
        guideline = running.get("/v1/guidelines").json()["guidelines"][0]["guideline_id"]
        hold_publication(running.database, {"mu": 0.0}, because=["Much changed."], now=now)
        add_rating(running.database, "new", guideline, True, now=now)
        add_labels(running.database, "ann", "other", [Label(1, 0.0), Label(2, 1.0)], now=now)
        found = figures(running)
        assert found["labelaudit_publications_held"] == "1.0"
        assert found["labelaudit_publications_unconfirmed"] == "0.0"
        assert found["labelaudit_labels_waiting"] == "2.0"
        assert found["labelaudit_ratings_waiting"] == "1.0"
        assert found["labelaudit_failed_runs"] == "0.0"
        assert found["labelaudit_daemon_running"] == "0.0"
        assert found["labelaudit_constitution_age_seconds"] != "NaN"
        # A second scrape soon after costs nothing: it gets the same.
        add_rating(running.database, "newer", guideline, True, now=now)
        assert figures(running)["labelaudit_ratings_waiting"] == "1.0"
