"""The operator's page: publishing, deciding on proposals, ways in, the state of the home."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import expect

RUN_MS = 240_000


@pytest.fixture(scope="module")
def site(make_site):
    """A home with a proposal that waits, and a publication that the gate holds back."""
    with make_site(churn_limit=0.0) as running:
        text = "The AI should say who paid for an answer. <b>&amp;</b>"
        body = {"text": text, "participant_id": "p1 <i>"}
        answer = requests.post(f"{running.url}/v1/proposals", json=body, timeout=60)
        assert answer.status_code == 201, answer.text
        yield running


def test_the_state_of_the_home_is_shown(page, check, shoot):
    page.goto("/app/admin")
    row = page.get_by_role("row", name="comment ratings")
    expect(row).to_contain_text("13,958")
    expect(page.get_by_role("link", name="Dagster")).to_have_attribute(
        "href", "http://127.0.0.1:3000"
    )
    check(page)
    shoot(page, "admin")


def test_proposals_that_wait_are_counted_and_lead_to_their_page(page):
    page.goto("/app/admin")
    section = page.locator("#proposals")
    expect(section).to_contain_text("who paid for an answer. <b>&amp;</b>")
    section.get_by_role("link", name="Decide on 1 proposal").press("Enter")
    page.wait_for_url("**/app/admin/proposals")
    expect(page.get_by_role("heading", name="who paid for an answer")).to_be_visible()


def test_a_constitution_is_published_from_the_page(site, page, check):
    page.goto("/app/admin")
    expect(page.get_by_text("Ready to publish")).to_be_visible()
    page.get_by_role("button", name="Publish now").press("Enter")
    expect(page.get_by_text("Up to date")).to_be_visible(timeout=RUN_MS)
    expect(page.locator(".notice-good")).to_contain_text("published")
    check(page)
    page.reload()
    expect(page.get_by_text("Publication 2 is out since")).to_be_visible()


def test_what_is_really_held_back_goes_out_by_approval(make_site, new_page, check, shoot):
    """Another threshold on the same ratings changes more than the gate lets pass by itself."""
    with make_site() as site:
        page = new_page(site)
        page.goto("/app/admin")
        expect(page.get_by_text("Publication 1 is out since")).to_contain_text(
            "at http://127.0.0.1"
        )
        page.get_by_role("button", name="Publish now").press("Enter")
        expect(page.get_by_text("Up to date")).to_be_visible(timeout=RUN_MS)
        document = requests.get(f"{site.url}/v1/constitution", timeout=60).json()
        intercepts = sorted(
            one["intercept"] for one in document["guidelines"] if one["status"] == "accepted"
        )
        strict = intercepts[len(intercepts) // 2]
        line = [sys.executable, "-m", "labelaudit_dagster.cli", "run", "constitution"]
        options = ["--skip-uncertainty", "--intercept-threshold", str(strict)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
        subprocess.run(
            [*line, *options],
            env={**environment, "LABELAUDIT_HOME": str(site.settings.home)},
            check=True,
            capture_output=True,
            timeout=200,
        )
        page.reload()
        expect(page.get_by_text("Held back")).to_be_visible()
        expect(page.locator("#publication .changes").first).to_contain_text("no rating")
        check(page)
        shoot(page, "admin-really-held")
        page.get_by_label("Why should it go out").fill("Not before the assembly.")
        page.get_by_role("button", name="Decline", exact=True).press("Enter")
        expect(page.locator("#publication .badge")).to_have_text("Declined")
        expect(page.get_by_text("declined publication 3: Not before the assembly.")).to_be_visible()
        check(page)
        shoot(page, "admin-declined")
        page.reload()
        expect(page.locator("#publication .badge")).to_have_text("Declined")
        expect(page.get_by_role("button", name="Decline", exact=True)).to_have_count(0)
        page.get_by_label("Why should it go out after all").fill(
            "A stricter threshold was decided."
        )
        page.get_by_role("button", name="Approve and publish").press("Enter")
        expect(page.get_by_text("Up to date")).to_be_visible(timeout=RUN_MS)
        last = requests.get(f"{site.url}/v1/publication", timeout=60).json()["last"]
        assert (last["state"], last["sequence"]) == ("sent", 3)
        assert last["approved_why"] == "A stricter threshold was decided."
        assert last["declined_why"] == "Not before the assembly."
        assert last["held_because"]


def held(route):
    """Answer as the server does where the gate holds something back."""
    answer = route.fetch()
    state = answer.json()
    state["current"] |= {
        "state": "held",
        "sequence": 7,
        "held_because": ["3 of 18 accepted guidelines changed, more than the limit of 0 %."],
        "changes": ["Out: Flatter. <script>alert(1)</script>"],
        "churn": 0.1667,
    }
    state["waiting"] = {**(state["last"] or {}), "sequence": 7, "state": "held"}
    route.fulfill(response=answer, json=state)


def test_what_the_gate_holds_back_needs_a_reason(page, watch, check, shoot):
    page.route("**/v1/publication", held)
    sent = []
    page.on("request", lambda one: one.method == "POST" and sent.append(one.post_data_json))
    page.goto("/app/admin")
    expect(page.get_by_text("Held back")).to_be_visible()
    expect(page.get_by_text("publication 7 waits")).to_be_visible()
    expect(page.get_by_text("<script>alert(1)</script>")).to_be_visible()
    check(page)
    shoot(page, "admin-held")
    approve = page.get_by_role("button", name="Approve and publish")
    approve.press("Enter")
    assert sent == []
    page.get_by_label("Why should it go out").fill("We talked about it.")
    watch.allow("status of 409")
    approve.press("Enter")
    expect(page.locator(".notice-bad")).to_contain_text("Publication 7 does not wait")
    expect(page.get_by_label("Why should it go out")).to_have_value("We talked about it.")
    (body,) = sent
    assert (body["approve"], body["why"]) == (7, "We talked about it.")


def test_what_waits_may_be_older_than_what_is_current(page):
    """And declined, which says nothing of the newer one, that has no number yet."""

    def older(route):
        answer = route.fetch()
        state = answer.json()
        state["current"] |= {"state": "held", "sequence": None, "held_because": ["It changed."]}
        declined = {"sequence": 7, "state": "held", "declined_at": "2026-03-01T12:00:00Z"}
        state["waiting"] = {**(state["last"] or {}), **declined}
        route.fulfill(response=answer, json=state)

    page.route("**/v1/publication", older)
    page.goto("/app/admin")
    expect(page.locator("#publication .badge")).to_have_text("Held back")
    expect(page.get_by_text("publication 7 stays here")).to_be_visible()
    asked = []

    def post(route):
        asked.append(route.request.post_data_json)
        state = {"sent_now": False, "current": None, "problem": "x", "last": None, "elsewhere": []}
        waiting = {"sequence": 8, "declined_at": None}
        route.fulfill(json={**state, "target": "embedded", "waiting": waiting})

    page.route("**/v1/publications", post)
    page.get_by_label("Why should it go out").fill("No.")
    page.get_by_role("button", name="Decline", exact=True).press("Enter")
    expect(page.get_by_text("Nothing has been published on this installation yet.")).to_be_visible()
    assert asked[0] == {}
    assert (asked[1]["decline"], asked[1]["why"]) == (8, "No.")


def test_the_first_invitation_closes_the_installation_but_keeps_its_maker(
    make_site, new_page, check, shoot
):
    with make_site() as site:
        page = new_page(site, permissions=["clipboard-read", "clipboard-write"])
        page.goto("/app/admin")
        expect(page.get_by_text("Nobody has to sign in yet.")).to_be_visible()
        form = page.get_by_role("form", name="Invite somebody")
        form.get_by_label("They may").select_option("auditor")
        form.get_by_label("Name").fill("Zoë <b>")
        page.keyboard.press("Enter")
        link = form.locator("code")
        expect(link).to_contain_text(f"{site.url}/join/lai_")
        expect(page.get_by_text("This browser is signed in as an operator")).to_be_visible()
        expect(page.get_by_role("cell", name="Zoë <b>", exact=True)).to_be_visible()
        form.get_by_role("button", name="Copy").press("Enter")
        assert page.evaluate("navigator.clipboard.readText()") == link.inner_text()
        check(page)
        shoot(page, "admin-closed")

        # Whoever gets the link comes in; a stranger does not.
        other = new_page(site)
        other.goto(link.inner_text())
        other.get_by_role("button", name="Sign in").click()
        other.wait_for_url("**/app")
        expect(other.locator(".who-name")).to_contain_text("Zoë <b>")
        assert requests.get(f"{site.url}/v1/tokens", timeout=60).status_code == 401

        page.reload()
        page.get_by_role("button", name="Sign out: Zoë <b>").press("Enter")
        expect(page.locator(".notice-good")).to_contain_text("ended")
        other.goto("/app")
        expect(other.get_by_text("invitation link")).to_be_visible()

        form = page.get_by_role("form", name="Make a token")
        form.get_by_label("What it is for").fill("nightly")
        form.get_by_role("button", name="Make a token").press("Enter")
        token = form.locator("code").inner_text()
        headers = {"Authorization": f"Bearer {token}"}
        export = f"{site.url}/api/openapi/exports"
        assert requests.get(export, headers=headers, timeout=60).status_code == 200
        page.get_by_role("button", name="Revoke: nightly").press("Enter")
        expect(page.get_by_role("button", name="Revoke: nightly")).to_have_count(0)
        assert requests.get(export, headers=headers, timeout=60).status_code == 401


def test_others_find_no_administration(make_site, new_page, watch):
    with make_site() as site:
        page = new_page(site)
        page.goto(site.invite("analyst"))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/app")
        expect(page.get_by_role("link", name="Admin")).to_have_count(0)
        watch.allow("status of 403")
        assert page.goto("/app/admin").status == 403


def test_a_server_that_is_away_is_told_and_tried_again(make_site, new_page, watch):
    with make_site() as site:
        page = new_page(site)
        page.goto("/app/admin")
        watch.allow("503")
        page.route("**/v1/proposals*", lambda route: route.fulfill(status=503, json={}))
        page.reload()
        failed = page.locator("#proposals")
        expect(failed).to_contain_text("status 503")
        expect(page.get_by_role("row", name="comment ratings")).to_be_visible()
        page.unroute("**/v1/proposals*")
        failed.get_by_role("button", name="Try again").press("Enter")
        expect(failed).to_contain_text("Nothing waits for you.")
