"""Explore: comments and what the system decides, for people with and without a model."""

from __future__ import annotations

import re
from urllib.parse import quote

import requests
from playwright.sync_api import expect

expect.set_options(timeout=60_000)


def texts(page):
    return page.locator(".comment-text").all_inner_texts()


def test_others_are_shown_and_going_back_shows_the_same(page, check, shoot):
    page.goto("/app/explore")
    cards = page.locator(".comment-card")
    expect(cards).to_have_count(20)
    expect(cards.first.locator(".badge")).to_have_text(re.compile("^(flags it|lets it pass)$"))
    check(page)
    shoot(page, "explore")
    first = texts(page)
    page.get_by_role("link", name="Show others").first.click()
    page.wait_for_url("**seed=1")
    second = texts(page)
    assert not set(first) & set(second)
    page.get_by_role("link", name="Show others").last.click()
    page.wait_for_url("**seed=2")
    page.go_back()
    page.wait_for_url("**seed=1")
    assert texts(page) == second
    page.reload()
    assert texts(page) == second
    page.go_back()
    page.wait_for_url("**/app/explore")
    assert texts(page) == first


def test_what_meets_every_condition(page, check, shoot):
    page.goto("/app/explore")
    topics = page.get_by_label("Topic").locator("option")
    name, words = topics.nth(1).get_attribute("value"), topics.nth(1).inner_text()
    page.get_by_label("The system", exact=True).select_option("lets it pass")
    page.get_by_label("Topic").select_option(name)
    page.get_by_label("With the word").fill("the")
    page.get_by_label("With the word").press("Enter")
    page.wait_for_url("**keyword=the**")
    expect(page.locator(".comment-card").first).to_be_visible()
    for card in page.locator(".comment-card").all():
        assert "the" in card.locator(".comment-text").inner_text().lower()
        expect(card.locator(".badge")).to_have_text("lets it pass")
        expect(card.locator(".comment-more")).to_have_text(f"Topic: {words}")
    # What was chosen stays chosen.
    expect(page.get_by_label("Topic")).to_have_value(name)
    expect(page.get_by_label("With the word")).to_have_value("the")
    expect(page.locator(".comment-more a").first).to_have_attribute(
        "href", f"/app/audit?topic={quote(name, safe='')}"
    )
    page.get_by_label("With the word").fill("no comment has this in it")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    check(page)
    shoot(page, "explore-nothing")
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".comment-card")).to_have_count(20)


def test_a_topic_that_is_gone(page):
    page.goto("/app/explore?topic=99_unheard_of")
    expect(page.get_by_text("There is no such topic any more")).to_be_visible()


def test_somebody_without_a_model_labels_and_keeps_evidence(page, named, site, check, shoot):
    page.goto("/app/explore")
    expect(page.get_by_role("link", name="Label this").first).to_be_visible()
    page.get_by_role("link", name="Label this").first.click()
    page.get_by_label("Your name here").fill("new here")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/app/explore")
    card = page.locator(".comment-card").first
    item = int(card.get_attribute("data-item"))

    card.get_by_role("button", name="Label this").click()
    card.get_by_label("3, ").check()
    expect(card.get_by_role("status")).to_contain_text("Saved")
    home = f"{site.url}/v1/users/new%20here"
    labels = requests.get(f"{home}/models/my_model/labels", timeout=60).json()["labels"]
    assert [(one["item_id"], one["rating"]) for one in labels] == [(item, 3.0)]
    card.get_by_label("not sure").check()
    expect(card.get_by_role("status")).to_contain_text("not sure")
    labels = requests.get(f"{home}/models/my_model/labels", timeout=60).json()["labels"]
    assert [one["rating"] for one in labels] == [None]
    check(page)
    shoot(page, "explore-label")

    card.get_by_role("button", name="Add to evidence").click()
    expect(card.get_by_role("button", name="In the report")).to_be_visible()
    page.locator(".comment-card").nth(1).get_by_role("button", name="Add to evidence").click()
    expect(page.get_by_role("button", name="In the report")).to_have_count(2)
    [report] = requests.get(f"{home}/reports", timeout=60).json()["reports"]
    assert report["report"]["title"].startswith("Topic: ")
    evidence = report["report"]["evidence"]
    assert (len(evidence), evidence[0]["item_id"]) == (2, item)
    page.get_by_role("button", name="Open the report").last.click()
    page.wait_for_url(f"**/app/reports/{report['report_id']}")
    expect(page.locator(".evidence-card").first).to_contain_text("no model yet")


def test_before_there_are_comments(make_site, new_page, check, shoot):
    with make_site(home=None) as empty:
        page = new_page(empty)
        page.goto("/app/explore")
        expect(page.get_by_role("heading", name="There are no comments yet")).to_be_visible()
        check(page)
        shoot(page, "explore-empty")
