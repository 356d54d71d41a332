"""When there is nothing left: every comment labelled, every guideline rated."""

from __future__ import annotations

import requests
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def left(site, **fields):
    """Return the ids of the comments that are still to be labelled."""
    path = f"{site.url}/v1/users/ann/models/my_model/suggestions"
    found = requests.get(path, params={"n": 200, **fields}, timeout=120).json()
    return [row["item_id"] for row in found["comments"]]


def label(site, items):
    path = f"{site.url}/v1/users/ann/models/my_model/labels"
    for item in items:
        requests.put(f"{path}/{item}", json={"rating": 1}, timeout=60).raise_for_status()


def test_every_comment_is_labelled(odd, new_page, named, check, shoot):
    site = odd("two levels")
    page = new_page(site, viewport={"width": 360, "height": 740})
    named(page, "ann")
    topic = requests.get(f"{site.url}/v1/topics", timeout=60).json()["topics"][0]["topic"]
    done = page.get_by_role("heading", name="You have labelled them all")
    more = page.get_by_role("button", name="10 more comments")

    page.goto("/app/label")
    expect(page.locator(".label-row")).to_have_count(20)
    expect(more).to_be_visible()
    expect(done).to_be_hidden()

    everything = left(site)
    label(site, everything[:-1])
    # Another browser, which has no list of its own.
    page.evaluate("() => localStorage.clear()")
    page.reload()
    expect(page.locator(".label-row").first).to_be_visible()
    expect(done).to_be_hidden()
    more.click()
    row = page.locator(f'.label-row[data-item="{everything[-1]}"]')
    row.get_by_role("radio").first.focus()
    expect(done).to_be_hidden()
    page.keyboard.press("1")
    expect(done).to_be_visible()
    expect(more).to_be_hidden()
    expect(page.get_by_text("held back to measure")).to_be_visible()
    assert left(site) == []
    # The model of this home has learnt from the first labels alone; its audit is there already.
    expect(page.get_by_role("link", name="See the audit").last).to_be_visible()
    check(page)
    shoot(page, "label-all-done")

    # After a reload, and with an empty list in the browser, it says the same.
    page.reload()
    expect(done).to_be_visible()
    page.evaluate("() => localStorage.clear()")
    page.reload()
    expect(done).to_be_visible()
    # What was said can be changed, and training goes on from it.
    expect(page.get_by_role("button", name="Train my model")).to_be_enabled()
    page.get_by_role("button", name="Start another model").click()
    page.get_by_role("radio", name="My view of one topic").check()
    page.get_by_label("Topic", exact=True).select_option(topic)
    page.get_by_role("button", name="Start", exact=True).click()
    said = page.get_by_text("There is no comment left to label about")
    # It has no labels of its own, so that there is nothing to train it on.
    expect(said).to_contain_text("part of another model")
    expect(page.get_by_role("button", name="Train my model")).to_be_disabled()
    check(page)
    shoot(page, "label-topic-done")


def test_every_guideline_is_rated(page, named, site, check, shoot):
    named(page, "all done")
    rows = requests.get(f"{site.url}/v1/constitution/guidelines", timeout=60).json()["guidelines"]
    page.goto("/app/rate")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Begin to rate").click()
    expect(page.locator("[data-text]")).to_have_attribute("aria-busy", "false")
    ids = [row["guideline_id"] for row in rows]
    kept = page.locator("[data-text]").inner_text()
    for row in rows:
        if row["text"] == kept:
            ids.remove(row["guideline_id"])
    for guideline in ids:
        body = {"participant_id": "all done", "guideline_id": guideline, "rating": "helpful"}
        answer = requests.post(f"{site.url}/v1/ratings", json=body, timeout=60)
        answer.raise_for_status()
    page.reload()
    expect(page.locator("[data-text]")).to_have_text(kept, use_inner_text=True)
    page.set_viewport_size({"width": 360, "height": 740})
    page.locator('[data-rate="helpful"]').click()
    done = page.get_by_role("region", name="You have rated them all")
    expect(done).to_be_focused()
    expect(page.locator("[data-progress-text]")).to_have_text(
        f"You have rated {len(rows)} of {len(rows)} guidelines."
    )
    check(page)
    shoot(page, "rate-all-done")
    page.reload()
    expect(done).to_be_visible()
    expect(done.get_by_role("link", name="Read the constitution")).to_be_visible()
    expect(done.get_by_role("button", name="Undo the last one")).to_be_hidden()
