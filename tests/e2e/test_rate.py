"""Rating guidelines one at a time, proposing them, and what operators decide."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from labelaudit_dagster.store import add_proposal

HOSTILE = '<img src=x onerror="reportToTest(`xss`)"><script>reportToTest(`xss`)</script>{{7*7}}'


@pytest.fixture
def rater(page, named):
    """A tab of somebody who has agreed, on the page for rating; and their name."""
    name = f"rater-{datetime.now(UTC).timestamp()}"
    named(page, name)
    agree(page)
    return name


def agree(page):
    page.goto("/app/rate")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin to rate").click()
    expect(words(page)).not_to_be_empty()
    expect(page.get_by_role("button", name="Helpful", exact=True)).to_be_enabled()


def words(page):
    return page.locator("[data-text]")


def shown(page):
    expect(page.locator("[data-text][aria-busy=false]")).to_be_visible()
    return words(page).inner_text()


def saved(page):
    expect(page.locator("[data-save-state]")).to_have_text("All saved")


def stored(page, name):
    found = page.request.get(f"/v1/users/{name}/ratings?limit=1000").json()["ratings"]
    return {row["text"]: (row["rating"], row["tags"]) for row in found}


def test_one_agrees_before_the_first_rating(page, named, check, shoot):
    named(page, "careful")
    page.goto("/app/rate")
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you begin")
    check(page)
    shoot(page, "consent")
    page.get_by_role("button", name="Begin to rate").click()
    # Without the tick the browser asks for it.
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you begin")
    agree(page)
    given = page.request.get("/v1/consent?participant_id=careful").json()
    assert given["given_at"]
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rate guidelines")


def test_rating_tagging_undoing_and_skipping(page, rater, check, shoot):
    first = shown(page)
    check(page)
    shoot(page, "rate")
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(words(page)).not_to_have_text(first)
    expect(page.locator("[data-last-text]")).to_have_text(first)
    page.get_by_role("button", name="It is clear").click()
    saved(page)
    assert stored(page, rater) == {first: ("helpful", ["clear"])}
    shoot(page, "rate-tags")
    check(page)
    second = shown(page)
    page.get_by_role("button", name="Not helpful").click()
    expect(words(page)).not_to_have_text(second)
    saved(page)
    assert stored(page, rater)[second] == ("not_helpful", [])
    expect(page.locator("[data-progress-text]")).to_contain_text("You have rated 2 of")
    page.get_by_role("button", name="Undo").click()
    expect(words(page)).to_have_text(second)
    saved(page)
    assert list(stored(page, rater)) == [first]
    page.get_by_role("button", name="Skip for now").click()
    expect(words(page)).not_to_have_text(second)
    # Skipped ones do not come back soon, after a reload neither.
    page.reload()
    assert shown(page) not in (first, second)


def test_by_keyboard_alone(page, rater):
    first = shown(page)
    page.keyboard.press("h")
    expect(words(page)).not_to_have_text(first)
    second = shown(page)
    page.keyboard.press("n")
    expect(words(page)).not_to_have_text(second)
    third = shown(page)
    page.keyboard.press("s")
    expect(words(page)).not_to_have_text(third)
    page.keyboard.press("u")
    expect(words(page)).to_have_text(third)
    saved(page)
    assert {text: said for text, (said, _) in stored(page, rater).items()} == {
        first: "helpful", second: "not_helpful",
    }  # fmt: skip
    # Letters that somebody types are letters, and those of the browser stay its own.
    field = page.get_by_label("Your guideline")
    field.focus()
    page.keyboard.type("hnsu")
    expect(field).to_have_value("hnsu")
    page.locator("h1").click()
    page.keyboard.press("Alt+h")
    expect(words(page)).to_have_text(third)
    # They can be turned off, and stay off.
    page.get_by_text("Keys, and what happens").click()
    page.get_by_label("Rate with keys").uncheck()
    page.keyboard.press("h")
    page.reload()
    shown(page)
    page.keyboard.press("h")
    saved(page)
    assert len(stored(page, rater)) == 2
    page.evaluate("localStorage.removeItem('labelaudit-rating-keys')")


def test_the_buttons_work_by_tab_and_enter_and_the_focus_stays(page, rater):
    first = shown(page)
    button = page.get_by_role("button", name="Not helpful")
    button.focus()
    page.keyboard.press("Enter")
    expect(words(page)).not_to_have_text(first)
    expect(button).to_be_focused()


def test_nothing_jumps_whatever_the_length_of_the_text(page, rater):
    buttons, below = page.locator(".rate-buttons"), page.locator("#propose")
    places = set()
    for text in ("Be kind.", "word " * 60, "字" * 900, "x" * 2_000):
        page.evaluate("text => document.querySelector('[data-text]').textContent = text", text)
        places.add((buttons.bounding_box()["y"], below.bounding_box()["y"]))
    assert len(places) == 1
    page.keyboard.press("h")
    expect(page.locator("[data-last-said]")).to_be_visible()
    places.add((buttons.bounding_box()["y"], below.bounding_box()["y"]))
    assert len(places) == 1


def test_ratings_wait_while_the_server_is_away_and_survive_a_reload(
    make_site, new_page, named, watch, shoot
):
    watch.allow("Failed to load resource|ERR_CONNECTION")
    with make_site() as site:
        page = new_page(site)
        named(page, "steady")
        agree(page)
        texts = []
        site.stop()
        for key in "hnh":
            texts.append(shown(page))
            page.keyboard.press(key)
            expect(words(page)).not_to_have_text(texts[-1])
        expect(page.locator("[data-queue]")).to_contain_text("3 ratings wait in this browser")
        shoot(page, "rate-waiting")
        site.start()
        page.reload()
        saved(page)
        assert {text: said for text, (said, _) in stored(page, "steady").items()} == dict(
            zip(texts, ("helpful", "not_helpful", "helpful"), strict=True)
        )
        assert shown(page) not in texts
        # And without a reload: they are sent again by themselves.
        text = shown(page)
        site.stop()
        page.keyboard.press("n")
        expect(page.locator("[data-queue]")).to_be_visible()
        site.start()
        saved(page)
        assert stored(page, "steady")[text] == ("not_helpful", [])


def test_two_tabs_rate_the_same_guideline_and_the_last_word_counts(page, rater, new_page):
    other = new_page(same_as=page)
    other.goto("/app/rate")
    text = shown(page)
    assert shown(other) == text
    page.keyboard.press("h")
    saved(page)
    other.keyboard.press("n")
    saved(other)
    assert stored(page, rater) == {text: ("not_helpful", [])}
    page.reload()
    assert shown(page) != text


def test_everything_that_one_said_can_be_changed_and_taken_back(page, rater, check):
    text = shown(page)
    page.keyboard.press("h")
    saved(page)
    page.get_by_text("All that you have said").click()
    row = page.get_by_role("group", name=text)
    expect(row.get_by_role("button", name="Helpful", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    check(page)
    row.get_by_role("button", name="Not helpful").click()
    saved(page)
    assert stored(page, rater) == {text: ("not_helpful", [])}
    row.get_by_role("button", name="Take back").click()
    expect(row.get_by_text("Taken back")).to_be_visible()
    saved(page)
    assert stored(page, rater) == {}


def test_until_all_is_done(page, rater, check, shoot):
    rows = page.request.get("/v1/guidelines?limit=1000").json()["guidelines"]
    for row in rows[2:]:
        body = {
            "participant_id": rater, "guideline_id": row["guideline_id"], "rating": "helpful",
        }  # fmt: skip
        assert page.request.post("/v1/ratings", data=body).ok
    page.reload()
    first = shown(page)
    page.keyboard.press("s")
    expect(words(page)).not_to_have_text(first)
    page.keyboard.press("h")
    done = page.locator("[data-done]")
    expect(done).to_contain_text("You skipped 1 guideline.")
    page.get_by_role("button", name="Look at what you skipped").click()
    expect(words(page)).to_have_text(first)
    page.keyboard.press("n")
    expect(done).to_contain_text("You have rated them all")
    saved(page)
    check(page)
    shoot(page, "rate-done")
    page.get_by_role("button", name="Undo the last one").click()
    expect(words(page)).to_have_text(first)
    saved(page)
    assert len(stored(page, rater)) == len(rows) - 1


def test_a_proposal_is_written_decided_and_rated(page, rater, watch, check, shoot):
    watch.allow("status of 409|status of 422")
    field = page.get_by_label("Your guideline")
    field.fill(f"Guideline of {rater} {HOSTILE}")
    page.reload()
    expect(field).to_have_value(re.compile("^Guideline of"))
    page.get_by_role("button", name="Propose it").click()
    mine = page.locator("[data-proposals]")
    expect(mine).to_contain_text("Waits")
    expect(mine).to_contain_text("<script>")
    expect(field).to_have_value("")
    known = page.request.get("/v1/guidelines?limit=1").json()["guidelines"][0]["text"]
    field.fill(known.upper())
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("There is a guideline of this text.")).to_be_visible()
    expect(field).to_have_value(known.upper())
    field.fill("")
    # Whoever runs it looks at it.
    page.goto("/app/admin/proposals")
    card = page.locator("article[data-proposal]", has_text=rater)
    expect(card).to_contain_text("<script>")
    card.get_by_role("button", name="Decline").click()
    expect(card.get_by_text("Say why it is declined")).to_be_visible()
    expect(card.get_by_label("Why, for the proposer to read")).to_be_focused()
    check(page)
    shoot(page, "proposals")
    card.get_by_role("button", name="Accept").click()
    expect(card).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Decide otherwise").first).to_be_visible()
    check(page)
    # It is rated like any other, before the next constitution decides.
    page.goto("/app/rate")
    expect(page.locator("[data-proposals]")).to_contain_text("Accepted")
    rows = page.request.get("/v1/guidelines?limit=1000").json()["guidelines"]
    assert [row for row in rows if rater in row["text"]]
    page.get_by_role("link", name="What people think of it").first.click()
    expect(page.get_by_text("Not decided yet")).to_be_visible()
    check(page)
    shoot(page, "guideline-new")


def test_a_declined_proposal_tells_its_proposer_why(page, rater, site):
    with site.database() as database:
        add_proposal(database, rater, f"Something about {rater}", now=datetime.now(UTC))
    page.goto("/app/admin/proposals")
    card = page.locator("article[data-proposal]", has_text=rater)
    card.get_by_label("Why, for the proposer to read").fill(f"Because. {HOSTILE}")
    card.get_by_role("button", name="Decline").click()
    expect(card).to_have_count(0)
    page.goto("/app/rate")
    mine = page.locator("[data-proposals]")
    expect(mine).to_contain_text("Declined")
    expect(mine).to_contain_text("Because. <img")


def test_a_guideline_that_is_gone_is_said_and_not_sent_for_ever(page, rater, watch):
    watch.allow("status of 422")
    page.evaluate(
        """name => localStorage.setItem(`labelaudit-ratings:${name}`, JSON.stringify({
          gone: { rating: "helpful", tags: null, stamp: "1" } }))""",
        rater,
    )
    page.reload()
    expect(page.get_by_text("is not there any more")).to_be_visible()
    saved(page)
    assert json.loads(page.evaluate("JSON.stringify({ ...localStorage })")).get(
        f"labelaudit-ratings:{rater}"
    ) is None  # fmt: skip


def test_without_guidelines(make_site, new_page, named, check, shoot):
    with make_site(home=None) as empty:
        page = new_page(empty)
        named(page, "ann")
        page.goto("/app/rate")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Begin to rate").click()
        expect(page.get_by_text("There are no guidelines yet")).to_be_visible()
        check(page)
        shoot(page, "rate-empty")
        page.goto("/app/admin/proposals")
        expect(page.get_by_text("Nothing waits.")).to_be_visible()


def test_somebody_who_was_invited_rates_as_themselves(make_site, new_page, watch):
    watch.allow("status of 403")
    with make_site() as site:
        link = site.invite("participant", "ann")
        page = new_page(site)
        page.goto(link)
        page.get_by_role("button").first.click()
        page.wait_for_url("**/app")
        agree(page)
        text = shown(page)
        page.keyboard.press("h")
        saved(page)
        assert stored(page, "ann") == {text: ("helpful", [])}
        page.get_by_label("Your guideline").fill("Written by ann herself.")
        page.get_by_role("button", name="Propose it").click()
        expect(page.locator("[data-proposals]")).to_contain_text("Waits")
        assert page.goto("/app/admin/proposals").status == 403
