"""Reports beside the audit: comments become evidence while one looks around."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

expect.set_options(timeout=60_000)

MOUNT = """async () => {
  const base = document.querySelector('script[src$="js/page.js"]').src;
  const { el } = await import(new URL("dom.js", base));
  const sheet = el("link", { rel: "stylesheet", href: new URL("../css/reports.css", base).href });
  document.head.append(sheet);
  document.querySelector("main").replaceChildren(
    el("aside", { id: "reports-panel", "data-user": "demo", "data-model": "my_model" }));
  await import(new URL("reports_panel.js", base));
}"""

EVIDENCE = """(row) => document.dispatchEvent(new CustomEvent("labelaudit:evidence", {
  detail: { item_id: row.item_id, topic: row.topic, comment: row.text, row },
}))"""


@pytest.fixture
def rows(site):
    topics = requests.get(f"{site.url}/v1/topics", timeout=60).json()["topics"]
    path = f"{site.url}/v1/users/demo/models/my_model/results"
    found = requests.get(path, params={"topic": topics[0]["topic"]}, timeout=60)
    return found.json()["comments"][:4]


def reports(site):
    return requests.get(f"{site.url}/v1/users/demo/reports", timeout=60).json()["reports"]


def saved(page):
    expect(page.locator(".save-state")).to_have_attribute("data-phase", "saved")


def test_evidence_begins_a_report_and_goes_into_the_one_at_hand(
    page, named, site, rows, watch, check, shoot
):
    named(page, "demo")
    page.goto("/app/explore")
    page.evaluate(MOUNT)
    panel = page.locator("#reports-panel")
    expect(panel.get_by_label("Add evidence to")).to_have_value("new")
    expect(panel.locator(".save-state")).to_have_text("Not begun yet")
    shoot(page, "panel-empty")
    assert reports(site) == [], "looking stores nothing"
    page.evaluate(EVIDENCE, rows[0])
    expect(panel.locator(".evidence-card")).to_have_count(1)
    saved(page)
    [report] = reports(site)
    assert report["report"]["title"] == f"Topic: {rows[0]['topic']}"
    page.evaluate(EVIDENCE, rows[1])
    page.evaluate(EVIDENCE, rows[1])
    expect(page.get_by_text("part of the report already")).to_be_visible()
    expect(panel.locator(".evidence-card")).to_have_count(2)
    expect(panel.locator(".evidence-card").first).to_contain_text("You, by your model")
    saved(page)
    [report] = reports(site)
    assert [one["item_id"] for one in report["report"]["evidence"]] == [
        rows[0]["item_id"], rows[1]["item_id"],
    ]  # fmt: skip
    check(page)
    shoot(page, "panel")

    # Another one, from a draft; and back to the first.
    panel.get_by_text("Drafts to begin from").click()
    panel.locator(".draft button").first.click()
    saved(page)
    assert len(reports(site)) == 2
    page.evaluate(EVIDENCE, rows[2])
    saved(page)
    assert [len(one["report"]["evidence"]) for one in reports(site)] == [2, 1]
    panel.get_by_label("Add evidence to").select_option(report["report_id"])
    expect(panel.locator(".evidence-card")).to_have_count(2)
    page.evaluate(EVIDENCE, rows[3])
    expect(panel.locator(".evidence-card")).to_have_count(3)
    saved(page)
    assert [len(one["report"]["evidence"]) for one in reports(site)] == [3, 1]
    # The one at hand stays at hand.
    page.reload()
    page.evaluate(MOUNT)
    expect(panel.get_by_label("Add evidence to")).to_have_value(report["report_id"])
    # Another model has other reports.
    panel.evaluate("(aside) => { aside.dataset.model = 'other'; }")
    expect(panel.get_by_label("Add evidence to")).to_have_value("new")


def test_a_new_report_that_never_arrived_comes_back_once(page, named, site, rows, watch):
    watch.allow("ERR_FAILED|ERR_CONNECTION")
    named(page, "demo")
    page.goto("/app/explore")
    page.evaluate(MOUNT)
    panel = page.locator("#reports-panel")
    panel.get_by_role("button", name="New report").click()
    expect(panel.get_by_label("Add evidence to")).to_have_value("new")
    before = len(reports(site))
    lost = []

    def lose(route):
        if route.request.method == "POST":
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route("**/models/my_model/reports", lose)
    page.evaluate(EVIDENCE, rows[0])
    expect(page.locator(".save-state")).to_have_attribute("data-phase", "waiting")
    assert lost[0] == 201
    page.unroute("**/models/my_model/reports")
    page.get_by_role("button", name="Try now").click()
    saved(page)
    assert len(reports(site)) == before + 1


def test_beside_the_audit(page, named, site, rows, check, shoot):
    named(page, "demo")
    page.goto(f"/app/audit?topic={rows[0]['topic']}")
    panel = page.locator("#reports-panel")
    panel.get_by_role("button", name="New report").click()
    page.get_by_role("button", name="Add to evidence").first.click()
    expect(panel.locator(".evidence-card")).to_have_count(1)
    saved(page)
    expect(panel.get_by_label("What is it about?")).to_have_value(rows[0]["topic"])
    check(page)
    shoot(page, "audit-with-panel")
    panel.get_by_role("link", name="Open in full").click()
    page.wait_for_url("**/app/reports/*")
    expect(page.locator(".evidence-card")).to_have_count(1)
