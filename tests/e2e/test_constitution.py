"""Reading the constitution, and how far it represents oneself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


def test_the_accepted_guidelines_by_topic(page, check, shoot):
    page.goto("/app/constitution")
    expect(page.get_by_role("heading", level=1)).to_have_text("The constitution")
    cards = page.locator(".guideline")
    n = int(page.locator(".stat dd").first.inner_text())
    assert n == cards.count() > 5
    assert page.get_by_role("heading", level=2).count() > 2
    expect(cards.first).to_contain_text(re.compile(r"\d+% of \d+ ratings"))
    expect(cards.first).to_contain_text(re.compile("would be accepted in"))
    check(page)
    shoot(page, "constitution")


def test_who_finds_it_helpful_is_loaded_when_it_is_asked_for(page, check):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/app/constitution")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "/v1/" in url or "vega" in url]
    first = page.locator(".guideline").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(first.locator(".chart-view svg")).to_be_visible()
    expect(first.locator("[data-reasons]")).to_contain_text("ratings")
    check(page)


@pytest.mark.parametrize(
    ("chip", "name"), [("Nearly", "nearly"), ("Why not?", "why-not"), ("All", "all")]
)
def test_what_is_not_in_and_why(page, check, shoot, chip, name):
    page.goto("/app/constitution")
    page.get_by_role("link", name=re.compile(f"^{re.escape(chip)}")).click()
    expect(page.locator(".guideline").first).to_be_visible()
    if name != "all":
        check(page)
        shoot(page, f"constitution-{name}")
    shown = page.locator(".chip[aria-current=true] .muted").inner_text()
    assert int(shown) == page.locator(".guideline").count()


def test_searching_and_choosing_a_topic_is_an_address(page):
    page.goto("/app/constitution?show=all")
    page.get_by_label("Search").fill("private")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=private**")
    assert 0 < page.locator(".guideline").count() < 20
    for text in page.locator(".guideline-text").all_inner_texts():
        assert "private" in text.casefold()
    page.get_by_label("Search").fill("no such word at all")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No guideline fits")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("private")
    page.goto("/app/constitution?show=all")
    page.get_by_label("Topic").select_option(index=1)
    page.wait_for_url("**topic=**")
    assert page.get_by_role("heading", level=2).count() == 1


def test_one_guideline_has_an_address_of_its_own(page, check, shoot):
    page.goto("/app/constitution")
    link = page.locator(".guideline-text a").first
    text = link.inner_text()
    link.click()
    page.wait_for_url("**/app/constitution/guidelines/**")
    expect(page.get_by_role("heading", level=1)).to_have_text(text)
    expect(page.locator(".chart-view svg")).to_be_visible()
    expect(page.get_by_text("more typical raters")).to_be_visible()
    check(page)
    shoot(page, "guideline")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_a_guideline_that_is_not_there(page, watch):
    watch.allow("status of 404")
    assert page.goto("/app/constitution/guidelines/nothing").status == 404


def test_the_map_and_who_took_part(page, check, shoot):
    page.goto("/app/constitution/map")
    for figure in page.locator("figure.chart").all():
        figure.scroll_into_view_if_needed()
        expect(figure.locator(".chart-view svg")).to_be_visible()
    expect(page.get_by_role("heading", name="age band")).to_be_visible()
    expect(page.locator(".group-bars").first).to_contain_text(re.compile(r"\d+"))
    check(page)
    shoot(page, "constitution-map")


def test_the_history_leads_to_versions(page, check, shoot):
    page.goto("/app/constitution/history")
    expect(page.get_by_text("Current")).to_be_visible()
    check(page)
    shoot(page, "constitution-history")
    version = page.request.get("/v1/constitutions").json()["versions"][-1]["version"]
    page.goto(f"/app/constitution?version={version}")
    expect(page.get_by_text("This is an earlier version")).to_be_visible()
    expect(page.locator(".guideline").first).to_be_visible()


def test_downloads(page):
    page.goto("/app/constitution")
    for name, beginning in (("JSON", b"{"), ("CSV", b"guideline_id,"), ("Parquet", b"PAR1")):
        with page.expect_download() as found:
            page.get_by_role("link", name=name, exact=True).click()
        assert found.value.path().read_bytes().startswith(beginning)


def test_without_a_constitution(make_site, new_page, named, check, shoot):
    with make_site(home=None) as empty:
        page = new_page(empty)
        named(page, "ann")
        for path in ("", "/map", "/history"):
            page.goto(f"/app/constitution{path}")
            expect(page.get_by_text("There is no constitution yet")).to_be_visible()
        page.goto("/app/represent")
        expect(page.get_by_text("There is no constitution yet")).to_be_visible()
        check(page)
        shoot(page, "constitution-empty")


def test_does_it_represent_me(page, named, check, shoot):
    person = page.request.get("/v1/users/rater-0005/ratings").json()
    assert person["n_ratings"] > 10
    named(page, "rater-0005")
    page.goto("/app/represent")
    expect(page.locator(".fit-number")).to_contain_text(
        re.compile(r"probably find \d+ of the \d+ accepted guidelines helpful")
    )
    expect(page.get_by_text("further to the left")).to_be_visible()
    expect(page.locator(".where-map")).to_be_visible()
    check(page)
    shoot(page, "represent")
    page.locator(".said-list a").first.click()
    page.wait_for_url("**/app/constitution/guidelines/**")


def test_with_few_ratings_it_says_so_and_without_any_it_asks_for_some(page, named, check, shoot):
    named(page, "newcomer")
    page.goto("/app/represent")
    expect(page.get_by_text("You have rated nothing that counts yet")).to_be_visible()
    check(page)
    shoot(page, "represent-none")
    key = page.request.get("/v1/constitution").json()["accepted"][0]
    body = {"participant_id": "newcomer", "guideline_id": key, "rating": "not_helpful"}
    assert page.request.post("/v1/ratings", data=body).ok
    page.reload()
    expect(page.get_by_text("With so few")).to_be_visible()
    expect(page.locator(".fit")).to_contain_text("0 helpful, 1 not helpful")
