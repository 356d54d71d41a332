"""Texts that try to be markup, in every place of the pages about guidelines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from labelaudit_dagster.importers import read_export
from labelaudit_dagster.launch import run_group
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, add_proposal, decide_proposal, import_community

PAYLOADS = (
    "<script>reportToTest('1')</script>",
    "<img src=x onerror=reportToTest('2')>",
    "\"><svg/onload=reportToTest('3')>",
    "javascript:reportToTest('4')",
    "{{constructor.constructor('reportToTest(5)')()}}{% raw %}",
    "</title></textarea></style><iframe srcdoc='<script>parent.reportToTest(6)</script>'>",
    "' autofocus onfocus=reportToTest('7') x='",
    "\u202eesrever\u2066 half",
    "</p><base href=//evil.example><a href=//evil.example>click",
    "<math><mtext><table><mglyph><style><img src=x onerror=reportToTest('8')>",
)


def export() -> dict:
    """Return a community whose every text is an attack, with enough ratings to decide."""
    people = [f"{PAYLOADS[at % len(PAYLOADS)]} {at}" for at in range(40)]
    guidelines = [
        {"id": f"{text} {at}/..", "value": f"{text} {at}", "topicId": f"t{at % 3}"}
        for at, text in enumerate(PAYLOADS)
    ]
    return {
        "topics": [{"id": f"t{at}", "title": f"{PAYLOADS[at]} topic"} for at in range(3)],
        "guidelines": [{**row, "embeddings": [], "intercept": None} for row in guidelines],
        "users": [
            {
                "id": name,
                "demographics": {PAYLOADS[1]: PAYLOADS[at % 2]},
                "embeddings": [],
                "intercept": None,
            }
            for at, name in enumerate(people)
        ],
        "ratings": [
            {
                "authorId": name,
                "guidelineId": row["id"],
                "rating": "helpful" if (at + place) % 9 else "not_helpful",
            }
            for at, name in enumerate(people)
            for place, row in enumerate(guidelines)
        ],
        "mu": 0.0,
    }


@pytest.fixture(scope="module")
def hostile_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("hostile") / "home"
    home.mkdir()
    settings = Settings(home=home, bootstrap_replicates=10, leave_one_out_limit=0)
    now = datetime.now(UTC)
    with Database.open(settings.resolved_database_url) as database:
        import_community(database, read_export(json.dumps(export()).encode(), now=now), now=now)
    outcome = run_group(settings, "constitution")
    assert outcome.succeeded, outcome.problems
    with Database.open(settings.resolved_database_url) as database:
        for at, decision in enumerate(("accepted", "declined", None)):
            text = f"{PAYLOADS[at]} proposed"
            proposed = add_proposal(database, PAYLOADS[0], text, topic_id="t0", now=now)
            if decision:
                decide_proposal(
                    database, proposed.proposal_id, decision, reason=PAYLOADS[2],
                    decided_by=PAYLOADS[1], now=now,
                )  # fmt: skip
    return home


def test_no_text_becomes_markup_anywhere(hostile_home, make_site, new_page, named, check):
    with make_site(home=hostile_home) as site:
        page = new_page(site)
        named(page, PAYLOADS[0])
        ids = [
            row["guideline_id"]
            for row in page.request.get("/v1/constitution/guidelines").json()["guidelines"]
        ]
        assert len(ids) == len(PAYLOADS)
        for path in (
            "/app/constitution?show=all",
            f"/app/constitution?show=all&q={PAYLOADS[1]}&topic={PAYLOADS[2]}",
            "/app/constitution/map",
            "/app/constitution/history",
            "/app/represent",
            "/app/admin/proposals",
        ):
            page.goto(path)
            page.wait_for_load_state("networkidle")
            assert page.locator("main iframe, main script, main base, main img").count() == 0
        page.goto("/app/constitution?show=all")
        links = [link.get_attribute("href") for link in page.locator(".guideline-text a").all()]
        assert len(links) == len(ids)
        for details in page.locator(".who-helps summary").all()[:3]:
            details.click()
        expect(page.locator(".chart-view svg").first).to_be_visible()
        page.locator(".chart-view svg").first.hover()
        for href in links:
            assert page.goto(href).status == 200
            expect(page.locator("#who")).to_be_visible()
        check(page)
        page.goto("/app/rate")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Begin to rate").click()
        for _ in range(4):
            page.get_by_role("button", name="Helpful", exact=True).click()
            page.get_by_role("button", name="It is clear").click()
        expect(page.locator("[data-save-state]")).to_have_text("All saved")
        page.get_by_text("All that you have said").click()
        expect(page.locator(".mine-row")).to_have_count(4)
        check(page)
        page.goto("/app/represent")
        expect(page.locator(".fit-number")).to_be_visible()
