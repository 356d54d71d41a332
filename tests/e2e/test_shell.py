"""What surrounds every page: its frame, the name one goes by, and pages for what goes wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


def test_the_first_address_leads_to_the_app(page):
    page.goto("/")
    assert page.url.endswith("/app")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_name_is_suggested_chosen_and_changed_by_keyboard(page, check, shoot):
    page.goto("/app/name?next=/app")
    field = page.get_by_label("Your name here")
    assert re.fullmatch(r"[a-z]+-[a-z]+", field.input_value())
    check(page)
    shoot(page, "name")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Änne <b>")
    page.keyboard.press("Enter")
    page.wait_for_url("**/app")
    expect(page.locator(".who-name")).to_contain_text("Änne <b>")
    page.reload()
    expect(page.locator(".who-name")).to_contain_text("Änne <b>")
    page.get_by_role("link", name="Change name").click()
    page.get_by_role("button", name="demo", exact=True).click()
    page.wait_for_url("**/app")
    expect(page.locator(".who-name")).to_contain_text("demo")


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/v1/me", "/app\\x"])
def test_choosing_a_name_leads_nowhere_else(page, target):
    page.goto("/app/name")
    page.goto(f"/app/name?next={target}")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/app")


def test_a_page_that_is_not_there(page, watch, check, shoot):
    watch.allow("status of 404")
    answer = page.goto("/app/nowhere")
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    check(page)
    shoot(page, "error-404")


def test_charts_are_drawn_without_a_breach_of_the_policy(page, check):
    page.goto("/app")
    page.evaluate(
        """async () => {
          const base = document.querySelector('script[src$="js/page.js"]').src;
          const { drawChart } = await import(new URL("chart.js", base));
          const { el } = await import(new URL("dom.js", base));
          const figure = el("figure", { class: "chart" });
          document.querySelector("main").append(figure);
          await drawChart(figure, "/v1/charts/topic-overview", {
            label: "How the system rates the topics",
            onSelect: (datum) => { window.lastClick = Object.keys(datum); },
          });
        }"""
    )
    mark = page.locator(".chart-view .mark-rect path, .chart-view .mark-symbol path").first
    expect(mark).to_be_visible()
    mark.hover()
    mark.click()
    assert page.evaluate("window.lastClick")
    check(page)
