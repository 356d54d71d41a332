"""Reports on a phone, where the panel has no room beside the audit."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

expect.set_options(timeout=60_000)

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def audit(page, named, site):
    """Open the comments of a topic on a phone, as somebody who has no reports."""
    for report in reports(site):
        path = f"{site.url}/v1/users/demo/reports/{report['report_id']}"
        requests.delete(path, headers={"If-Match": "*"}, timeout=60).raise_for_status()
    named(page, "demo")
    topic = requests.get(f"{site.url}/v1/topics", timeout=60).json()["topics"][0]["topic"]
    page.set_viewport_size(PHONE)
    page.goto(f"/app/audit?topic={topic}")
    expect(page.locator(".results tbody tr").first).to_be_visible()
    return page


def reports(site):
    return requests.get(f"{site.url}/v1/users/demo/reports", timeout=60).json()["reports"]


def test_reports_are_in_reach_and_say_what_was_added(audit, site, check, shoot):
    opener = audit.get_by_role("button", name="Reports")
    expect(opener).to_be_in_viewport(ratio=1)
    expect(opener).to_contain_text("0 comments")
    add = audit.get_by_role("button", name="Add to evidence")
    before = add.count()
    add.first.scroll_into_view_if_needed()
    position = audit.evaluate("scrollY")
    add.first.click()
    # Where one looks, and at the comment: nothing of the page moves.
    expect(opener).to_contain_text("1 comment")
    expect(opener).to_be_in_viewport(ratio=1)
    expect(audit.get_by_text("Added to “")).to_be_in_viewport(ratio=1)
    expect(audit.get_by_role("button", name="✓ In the report")).to_have_count(1)
    assert add.count() == before - 1
    assert audit.evaluate("scrollY") == position
    message = audit.locator(".notice").bounding_box()
    assert message["y"] + message["height"] <= opener.bounding_box()["y"], "it hides the bar"

    opener.click()
    sheet = audit.get_by_role("dialog", name="Reports")
    expect(sheet.locator(".evidence-card")).to_have_count(1)
    expect(sheet.locator(".save-state")).to_have_attribute("data-phase", "saved")
    assert len(reports(site)) == 1
    check(audit)
    shoot(audit, "audit-sheet")
    expect(sheet).to_be_hidden()
    # The widest of these pictures has room beside the audit.
    position = audit.evaluate("scrollY")
    opener.click()
    # What is taken out is taken out of the row as well; the message is within reach of the sheet.
    sheet.get_by_role("button", name="Remove").click()
    sheet.get_by_role("button", name="Put it back").click()
    expect(sheet.locator(".evidence-card")).to_have_count(1)
    sheet.get_by_role("button", name="Remove").click()
    expect(sheet.locator(".evidence-card")).to_have_count(0)
    sheet.get_by_role("button", name="Back to the comments").click()
    expect(opener).to_contain_text("0 comments")
    expect(add).to_have_count(before)
    assert audit.evaluate("scrollY") == position


def test_the_sheet_by_keyboard(audit):
    opener = audit.get_by_role("button", name="Reports")
    expect(opener).to_contain_text("A new report")
    # Before the comments, so that nobody goes through all of them to come to it.
    audit.locator("#main").focus()
    audit.keyboard.press("Tab")
    expect(opener).to_be_focused()
    audit.keyboard.press("Enter")
    sheet = audit.get_by_role("dialog", name="Reports")
    expect(sheet.get_by_role("button", name="Back to the comments")).to_be_focused()
    for _ in range(40):
        audit.keyboard.press("Tab")
        at = audit.evaluate("document.activeElement.closest('dialog, body').localName")
        outside = audit.evaluate("document.activeElement === document.body")
        assert at == "dialog" or outside, "only the browser itself comes after the sheet"
    audit.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()


def test_turning_the_device_while_writing(audit):
    audit.get_by_role("button", name="Reports").click()
    field = audit.get_by_label("What is wrong?")
    field.fill("It flags")
    audit.set_viewport_size({"width": 1280, "height": 800})
    expect(audit.get_by_role("dialog", name="Reports")).to_be_hidden()
    expect(audit.locator(".sheet-bar")).to_be_hidden()
    expect(field).to_be_focused()
    audit.keyboard.press("End")
    audit.keyboard.type(" everything")
    audit.set_viewport_size(PHONE)
    expect(
        audit.get_by_role("dialog", name="Reports").get_by_label("What is wrong?")
    ).to_be_focused()
    expect(field).to_have_value("It flags everything")
