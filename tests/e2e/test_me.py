"""My data: counted, taken away, and erased by somebody who typed their name."""

from __future__ import annotations

import json

import pytest
import requests
from playwright.sync_api import expect

LABELS = [{"item_id": 85, "rating": 0}, {"item_id": 3, "rating": 1}]


def label(site, name):
    answer = requests.post(
        f"{site.url}/v1/users/{name}/models/my_model/labels", json={"labels": LABELS}, timeout=60
    )
    assert answer.status_code == 200, answer.text


def test_without_a_name_the_page_asks_for_one_and_comes_back(page):
    page.goto("/app/me")
    assert "/app/name?next=" in page.url
    page.get_by_label("Your name here").fill("new-here")
    page.keyboard.press("Enter")
    page.wait_for_url("**/app/me")
    expect(page.get_by_role("heading", name="Nothing is stored about you")).to_be_visible()


def test_data_are_counted_taken_and_erased_by_keyboard(site, page, named, check, shoot):
    label(site, "erika")
    named(page, "erika")
    page.goto("/app/me")
    row = page.locator(".kept > div", has_text="Labels of comments")
    expect(row.locator("dd")).to_have_text("2")
    check(page)
    shoot(page, "me")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download my data").press("Enter")
    document = json.loads(download.value.path().read_text("utf-8"))
    assert [row["item_id"] for row in document["labels"]] == [85, 3]

    page.get_by_role("button", name="Erase my data").press("Enter")
    field = page.get_by_label("Type your name")
    expect(field).to_be_focused()
    check(page)
    shoot(page, "me-erase")
    erase = page.get_by_role("button", name="Erase for good")
    page.keyboard.type("erik")
    expect(erase).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Erase my data").press("Enter")
    page.keyboard.type("erika")
    expect(erase).to_be_enabled()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="It is erased")).to_be_visible()
    check(page)
    again = requests.get(f"{site.url}/v1/users/erika/data", timeout=60).json()
    assert again["labels"] == []
    page.goto("/app")
    expect(page.get_by_role("link", name="Choose a name")).to_be_visible()


@pytest.mark.parametrize("role", ["participant", "auditor"])
def test_whoever_is_signed_in_erases_themselves_and_is_signed_out(make_site, new_page, role):
    with make_site() as site:
        page = new_page(site)
        page.goto(site.invite(role, "Ann <i>"))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/app")
        page.goto("/app/me")
        expect(page.locator(".kept > div", has_text="Sessions").locator("dd")).to_have_text("1")
        page.get_by_role("button", name="Erase my data").click()
        page.keyboard.type("Ann <i>")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="It is erased")).to_be_visible()
        page.goto("/app")
        expect(page.get_by_text("invitation link")).to_be_visible()


def test_a_server_that_is_away_loses_nothing_typed(make_site, new_page, named, watch):
    with make_site() as site:
        page = new_page(site)
        label(site, "erika")
        named(page, "erika")
        page.goto("/app/me")
        page.get_by_role("button", name="Erase my data").click()
        page.keyboard.type("erika")
        watch.allow("ERR_CONNECTION_REFUSED")
        site.stop()
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        expect(page.get_by_label("Type your name")).to_have_value("erika")
        site.start()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="It is erased")).to_be_visible()
