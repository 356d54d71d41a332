"""Reports: written, saved by themselves, kept through everything that can go wrong, handed on."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import expect

expect.set_options(timeout=60_000)

MODEL = "my_model"


class Reports:
    """A person's reports, seen past the pages: what the server really has."""

    def __init__(self, site, user, token=None):
        self.home = f"{site.url}/v1/users/{quote(user, safe='')}"
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def ask(self, method, path, document=None, **headers):
        answer = requests.request(
            method, self.home + path, json=document, headers={**self.headers, **headers}, timeout=60
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def all(self):
        return self.ask("GET", "/reports")["reports"]

    def write(self, **fields):
        return self.ask("POST", f"/models/{MODEL}/reports", fields)["report_id"]

    def read(self, report_id):
        return self.ask("GET", f"/reports/{report_id}")["report"]

    def save(self, report_id, **fields):
        content = {**self.read(report_id), **fields}
        return self.ask("PUT", f"/reports/{report_id}", content, **{"If-Match": "*"})

    def items(self, n):
        found = requests.get(f"{self.home.partition('/v1/')[0]}/v1/exploration?n={n}", timeout=60)
        return [row["item_id"] for row in found.json()["comments"]]


COMPLETE = {
    "title": "Games are not insults",
    "error_type": "System is over-sensitive",
    "text_entry": "It flags ordinary talk about games.",
    "sep_selection": "Accuracy",
}


@pytest.fixture
def person(site, request):
    """Reports of somebody whom no other test knows."""
    return Reports(site, f"person {request.node.name}"[:90])


@pytest.fixture
def writing(page, named, person, request):
    """Open a report of that person in a tab; returns its id."""
    named(page, f"person {request.node.name}"[:90])

    def opened(**fields):
        report_id = person.write(**fields)
        page.goto(f"/app/reports/{report_id}")
        saved(page)
        return report_id

    return opened


def state(page):
    return page.locator(".save-state")


def saved(page):
    expect(state(page)).to_have_attribute("data-phase", "saved")


def text_field(page):
    return page.get_by_label("What is wrong?")


def type_text(page, text):
    """Type, and wait until the page itself has noticed."""
    text_field(page).fill(text)


def test_from_a_draft_to_a_complete_report(page, named, site, check, shoot):
    named(page, "demo")
    demo = Reports(site, "demo")
    page.goto("/app/reports")
    expect(page.get_by_role("heading", name="No report yet")).to_be_visible()
    drafts = page.locator(".draft")
    expect(drafts.first).to_be_visible()
    check(page)
    shoot(page, "reports-none")
    for comparison in ("median", "mean", "mae", "mse", "avg_diff", "fp_fn"):
        page.get_by_label("Compare topics by").select_option(comparison)
        expect(page.locator("[data-begin] [aria-busy]")).to_have_count(0)
    page.get_by_label("Begin from").select_option("prompts")
    expect(drafts).to_have_count(5)
    expect(drafts.first).to_contain_text("community")
    page.get_by_label("Begin from").select_option("tutorial")
    expect(drafts).to_have_count(1)
    page.get_by_label("Begin from").select_option("fixed")
    expect(drafts).to_have_count(5)
    page.get_by_label("Begin from").select_option("none")
    expect(drafts).to_have_text([re.compile("An empty report")])
    page.get_by_label("Begin from").select_option("personal")
    expect(drafts.nth(3)).to_be_visible()
    assert demo.all() == [], "nothing is kept before one begins"
    drafts.first.get_by_role("button").click()
    page.wait_for_url("**/app/reports/*")
    saved(page)
    [report] = demo.all()
    assert report["report"]["title"].startswith("Topic: ")
    expect(page.get_by_text("Still needed: at least one comment")).to_be_visible()

    type_text(page, "It takes talk about games for insults.")
    page.get_by_role("button", name="Find comments").click()
    add = page.locator("dialog .evidence-card").get_by_role("button", name="Add to evidence")
    add.first.click()
    add.first.click()
    shoot(page, "report-finder")
    page.get_by_role("button", name="Done").click()
    page.get_by_label("It is simply wrong").check()
    expect(page.get_by_text("It can be handed on.")).to_be_visible()
    saved(page)
    [report] = demo.all()
    assert report["is_complete"]
    evidence = page.locator(".evidence-card")
    expect(evidence).to_have_count(2)
    expect(evidence.first).to_contain_text("The system")
    expect(evidence.first).to_contain_text("You, by your model")
    shown = report["report"]["evidence"][0]["row"]
    expect(evidence.first).to_contain_text(shown["comment"][:60])
    expect(evidence.first).to_contain_text(f"{shown['user_rating']:.2f}")
    check(page)
    shoot(page, "report")

    # Taking out, and back.
    evidence.first.get_by_role("button", name="Remove").click()
    expect(evidence).to_have_count(1)
    page.get_by_role("button", name="Put it back").click()
    expect(evidence).to_have_count(2)
    saved(page)
    assert demo.all()[0]["report"]["evidence"] == report["report"]["evidence"], "as it was seen"

    page.goto("/app/reports")
    card = page.locator("[data-report]")
    expect(card).to_contain_text("Complete")
    expect(card).to_contain_text("2 comments as evidence")
    check(page)
    shoot(page, "reports")


def test_by_keyboard_alone(page, writing, person):
    report_id = writing(title="By keyboard")
    page.get_by_label("What is it about?").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Typed")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(text_field(page)).to_be_focused()
    page.keyboard.type("Why.")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("With the word").press_sequentially("the")
    page.keyboard.press("Enter")
    page.locator("dialog .evidence-card button").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    saved(page)
    expect(page.get_by_text("It can be handed on.")).to_be_visible()
    report = person.read(report_id)
    assert (report["title"], report["text_entry"]) == ("Typed", "Why.")
    assert report["error_type"]
    assert report["sep_selection"]
    assert len(report["evidence"]) == 1


def test_what_is_typed_survives_a_reload_in_the_middle(page, writing, person, watch):
    # What the old page sends when it ends may meet what the new one sends: the same text.
    watch.allow("status of 412")
    report_id = writing()
    type_text(page, "Half a sent")
    page.reload()
    expect(text_field(page)).to_have_value("Half a sent")
    saved(page)
    assert person.read(report_id)["text_entry"] == "Half a sent"


def test_going_away_and_back_shows_the_newest(page, writing, person):
    report_id = writing(title="There and back")
    type_text(page, "Then I left.")
    page.get_by_role("link", name="All reports").click()
    page.wait_for_url("**/app/reports")
    page.go_back()
    expect(text_field(page)).to_have_value("Then I left.")
    saved(page)
    assert person.read(report_id)["text_entry"] == "Then I left."
    page.go_forward()
    expect(page.locator("[data-report]")).to_contain_text("There and back")


def test_offline_and_online_again(page, writing, person, watch, shoot):
    watch.allow("ERR_INTERNET_DISCONNECTED")
    report_id = writing()
    page.context.set_offline(True)
    type_text(page, "Typed in a tunnel.")
    expect(state(page)).to_contain_text("Not saved but kept in this browser")
    expect(page.locator("[data-offline]")).to_be_visible()
    shoot(page, "report-offline")
    assert person.read(report_id)["text_entry"] == ""
    type_text(page, "Typed in a tunnel, twice.")
    page.context.set_offline(False)
    saved(page)
    assert person.read(report_id)["text_entry"] == "Typed in a tunnel, twice."


def test_a_server_that_is_down_for_a_while(page, writing, person, watch, site):
    watch.allow("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
    report_id = writing()
    site.stop()
    type_text(page, "While the server was away.")
    expect(state(page)).to_have_attribute("data-phase", "waiting")
    site.start()
    page.get_by_role("button", name="Try now").click()
    saved(page)
    assert person.read(report_id)["text_entry"] == "While the server was away."


def test_what_a_closed_tab_did_not_save_is_offered_to_the_next(
    page, new_page, writing, person, watch
):
    watch.allow("ERR_CONNECTION_REFUSED")
    report_id = writing(title="Left behind")
    page.route("**/v1/users/*/reports/*", lambda route: route.abort("connectionrefused"))
    type_text(page, "Never sent.")
    expect(state(page)).to_have_attribute("data-phase", "waiting")
    following = new_page(same_as=page)
    page.close()
    following.goto("/app/reports")
    unsaved = following.locator("[data-unsaved-report]")
    expect(unsaved).to_contain_text("Left behind")
    unsaved.get_by_role("link", name="Go on with it").click()
    expect(text_field(following)).to_have_value("Never sent.")
    saved(following)
    assert person.read(report_id)["text_entry"] == "Never sent."
    following.goto("/app/reports")
    expect(following.locator("[data-report]")).to_have_count(1)
    expect(unsaved).to_have_count(0)


def test_of_two_who_write_at_once_nobody_wins_silently(page, writing, person, watch, check, shoot):
    watch.allow("status of 412")
    mine, theirs, other = person.items(3)
    report_id = writing(title="Both", evidence=[{"item_id": mine}])
    person.save(
        report_id,
        text_entry="What the other one wrote.",
        sep_selection="Other",
        evidence=[{"item_id": theirs}, {"item_id": other}],
    )
    type_text(page, "What I wrote.")
    conflict = page.locator(".conflict")
    expect(conflict.get_by_role("heading")).to_be_focused()
    expect(conflict).to_contain_text("What the other one wrote.")
    expect(conflict).to_contain_text("What I wrote.")
    assert person.read(report_id)["text_entry"] == "What the other one wrote."
    check(page)
    shoot(page, "report-conflict")
    # Also after a reload both are there.
    page.reload()
    expect(conflict).to_contain_text("What I wrote.")
    # What I had not touched is the newer one's; for what both changed I am asked.
    harm = conflict.get_by_role("group", name="Kind of harm")
    expect(harm.get_by_label("The newer one")).to_be_checked()
    text = conflict.get_by_role("group", name="What is wrong")
    expect(text.get_by_label("Mine")).to_be_checked()
    conflict.get_by_role("group", name="Evidence").get_by_label("Both together").check()
    conflict.get_by_role("button", name="Save this choice").click()
    saved(page)
    report = person.read(report_id)
    assert (report["text_entry"], report["sep_selection"]) == ("What I wrote.", "Other")
    assert [one["item_id"] for one in report["evidence"]] == [theirs, other, mine]
    expect(text_field(page)).to_have_value("What I wrote.")


def test_two_tabs_of_one_browser_show_the_same(page, new_page, writing, person):
    report_id = writing(title="Tabs")
    second = new_page(same_as=page)
    second.goto(f"/app/reports/{report_id}")
    saved(second)
    type_text(page, "In the first.")
    saved(page)
    expect(text_field(second)).to_have_value("In the first.")
    type_text(second, "In the second.")
    saved(second)
    expect(text_field(page)).to_have_value("In the second.")
    assert person.read(report_id)["text_entry"] == "In the second."


def test_an_answer_that_is_lost_is_no_conflict(page, writing, person, watch):
    watch.allow("ERR_FAILED|ERR_CONNECTION|status of 412")
    report_id = writing(title="Lost answer")
    lost = []

    def lose(route):
        if route.request.method == "PUT" and not lost:
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route("**/v1/users/*/reports/*", lose)
    type_text(page, "Sent once.")
    expect(state(page)).to_have_attribute("data-phase", "waiting")
    assert lost == [200]
    type_text(page, "Sent once, and more.")
    saved(page)
    assert person.read(report_id)["text_entry"] == "Sent once, and more."


def test_versions_are_shown_and_had_again(page, writing, person, check, shoot):
    [item] = person.items(1)
    report_id = writing(title="First title", evidence=[{"item_id": item}])
    before = person.read(report_id)
    person.save(report_id, title="Second title", evidence=[])
    page.reload()
    saved(page)
    page.get_by_text("Earlier versions").click()
    page.get_by_role("link", name="Version 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("First title")
    expect(page.get_by_text("It is not the newest")).to_be_visible()
    expect(page.locator(".report-form")).to_have_count(0)
    check(page)
    shoot(page, "report-version")
    page.get_by_role("button", name="Have this version again").click()
    saved(page)
    expect(page.get_by_label("Title")).to_have_value("First title")
    assert person.read(report_id) == before, "evidence as it was seen"


def test_deleting_is_undone_from_the_list_and_from_the_page(page, writing, person, check, shoot):
    report_id = writing(title="Not for long")
    page.get_by_role("button", name="Delete this report").click()
    page.wait_for_url("**/app/reports")
    expect(page.locator("[data-report]")).to_have_count(0)
    assert person.all() == []
    page.get_by_role("button", name="Undo").click()
    card = page.locator("[data-report]")
    expect(card).to_contain_text("Not for long")
    card.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No report yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(card).to_contain_text("Not for long")
    # Much later.
    person.ask("DELETE", f"/reports/{report_id}")
    page.goto(f"/app/reports/{report_id}")
    expect(page.get_by_text("This report was deleted")).to_be_visible()
    check(page)
    shoot(page, "report-deleted")
    page.get_by_role("button", name="Bring the report back").click()
    saved(page)
    assert person.read(report_id)["title"] == "Not for long"


def test_a_report_that_was_deleted_while_one_writes(page, writing, person, watch):
    watch.allow("status of 404")
    report_id = writing(title="Gone")
    person.ask("DELETE", f"/reports/{report_id}")
    type_text(page, "Still here.")
    expect(state(page)).to_contain_text("This report was deleted elsewhere")
    page.get_by_role("button", name="Bring it back").click()
    saved(page)
    assert person.read(report_id)["text_entry"] == "Still here."


def test_forms_to_print_to_keep_and_for_avid(page, writing, person, check, shoot):
    [item] = person.items(1)
    writing(**COMPLETE, evidence=[{"item_id": item}])
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Print").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(COMPLETE["title"])
    opened.value.close()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as Markdown").click()
    assert download.value.suggested_filename.endswith(".md")
    assert COMPLETE["text_entry"] in download.value.path().read_text(encoding="utf-8")
    page.get_by_role("link", name="What AVID would get").click()
    document = json.loads(page.get_by_role("region", name="Document for AVID").inner_text())
    assert document["data_type"] == "AVID"
    check(page)
    shoot(page, "report-avid")


def test_where_nothing_can_be_handed_in_the_page_says_why(page, writing):
    writing(**COMPLETE)
    page.goto("/app/reports#submit")
    expect(page.locator("[data-submit-off]")).to_contain_text("LABELAUDIT_AVID_URL")
    expect(page.get_by_role("button", name="Hand in")).to_have_count(0)
