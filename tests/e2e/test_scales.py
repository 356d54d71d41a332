"""Scales that are not 0 to 4: two levels with long words, and eleven bare numbers."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

expect.set_options(timeout=60_000)

WIDTHS = (360, 1280)

# Texts of a picture that lie on each other or are cut off; a hair of that is seen by nobody.
UNREADABLE = """() => {
  const faults = [];
  for (const picture of document.querySelectorAll(".chart svg")) {
    const frame = picture.getBoundingClientRect();
    const boxes = [...picture.querySelectorAll("text")]
      // Vega hides numbers that have no room.
      .filter((one) => getComputedStyle(one).opacity !== "0")
      .map((one) => ({ words: one.textContent, box: one.getBoundingClientRect() }))
      .filter(({ words, box }) => words.trim() && box.width > 0);
    for (const [n, { words, box }] of boxes.entries()) {
      if (box.left < frame.left - 2 || box.right > frame.right + 2) faults.push(`cut: ${words}`);
      if (box.height > 0 && box.height < 8) faults.push(`tiny: ${words}`);
      for (const other of boxes.slice(n + 1)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 2 && down > 5) faults.push(`on each other: ${words} | ${other.words}`);
      }
    }
  }
  return faults;
}"""


def labels(site):
    found = requests.get(f"{site.url}/v1/users/ann/models/my_model/labels", timeout=60).json()
    return {row["item_id"]: row["rating"] for row in found["labels"]}


def a_topic(site):
    return requests.get(f"{site.url}/v1/topics", timeout=60).json()["topics"][0]["topic"]


def test_eleven_levels_on_a_phone(odd, new_page, named, check, shoot):
    site = odd("eleven levels")
    page = new_page(site, viewport={"width": 360, "height": 740})
    named(page, "ann")
    page.goto("/app/label")
    row = page.locator(".label-row").first
    expect(row.get_by_text("0 lowest, 10 highest")).to_be_visible()
    boxes = [level.bounding_box() for level in row.locator(".level").all()]
    assert len(boxes) == 12
    # Wide enough for a thumb, and eleven numbers are no list of eleven lines.
    assert all(box["width"] >= 40 and box["height"] >= 40 for box in boxes)
    assert len({box["y"] for box in boxes}) <= 3

    first, second, third = page.locator(".label-row").all()[:3]
    items = [int(one.get_attribute("data-item")) for one in (first, second, third)]
    first.get_by_role("radio").first.focus()
    for key in "t0u":
        page.keyboard.press(key)
    expect(page.locator('.label-row[data-phase="saved"]')).to_have_count(3)
    assert [labels(site)[item] for item in items] == [10, 0, None]
    check(page)
    shoot(page, "label-eleven")

    page.goto(f"/app/audit?topic={a_topic(site)}")
    said = page.locator(".results tbody tr").first
    expect(said).to_contain_text("flags it")
    said.get_by_role("button", name="Disagree").click()
    choices = said.get_by_role("group", name="How would you rate it?")
    expect(choices).to_contain_text("0 lowest, 10 highest")
    expect(choices.get_by_role("button")).to_have_text(["0", "1", "2", "3", "4", "5"])
    tops = {button.bounding_box()["y"] for button in choices.get_by_role("button").all()}
    assert len(tops) <= 2
    check(page)
    shoot(page, "audit-eleven")

    page.goto("/app/explore")
    page.get_by_role("button", name="Label this").first.click()
    expect(page.get_by_text("0 lowest, 10 highest")).to_be_visible()
    check(page)
    shoot(page, "explore-eleven")


def test_two_levels_on_a_phone(odd, new_page, named, check, shoot):
    site = odd("two levels")
    page = new_page(site, viewport={"width": 360, "height": 740})
    named(page, "ann")
    page.goto("/app/label")
    row = page.locator(".label-row").first
    expect(row.locator(".level")).to_have_text(
        ["0acceptable here", "1not acceptable here", "not sureu"]
    )
    left, right, unsure = (one.bounding_box() for one in row.locator(".level").all())
    assert left["y"] == right["y"]
    assert unsure["width"] > 1.5 * left["width"], "a third answer alone in half a line"
    row.get_by_role("radio").first.focus()
    page.keyboard.press("1")
    expect(row).to_have_attribute("data-phase", "saved")
    check(page)
    shoot(page, "label-two")

    page.goto(f"/app/audit?topic={a_topic(site)}")
    said = page.locator(".results tbody tr").first
    # A tenth would not tell 0.46 from the threshold, and 0.5 would be said to be let pass.
    assert len(said.locator(".cell-short .number").first.inner_text()) == len("0.46")
    said.get_by_role("button", name="Disagree").click()
    # One answer is left, which is taken at once.
    expect(said).to_contain_text("✓ Your label: 0, acceptable here")
    check(page)
    shoot(page, "audit-two")


@pytest.mark.parametrize("kind", ["two levels", "eleven levels"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pictures_can_be_read(odd, new_page, named, kind, width):
    page = new_page(odd(kind), viewport={"width": width, "height": 900})
    named(page, "ann")
    page.goto("/app/label")
    page.get_by_text("Pictures: your labels").click()
    expect(page.locator("[data-figures] svg")).to_have_count(3)
    assert page.evaluate(UNREADABLE) == []
    for address, place in (
        ("/app/audit", "[data-overview-chart]"),
        (f"/app/audit?topic={a_topic(odd(kind))}", "[data-results-chart]"),
        ("/app/audit?compare=gender", "[data-figure]"),
    ):
        page.goto(address)
        expect(page.locator(f"{place} svg")).to_be_visible()
        assert page.evaluate(UNREADABLE) == [], address
