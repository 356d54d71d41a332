"""The first page for everybody who may come: newcomers, people by role, and an empty home."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


def test_the_first_page_tells_what_this_is_and_how_far_it_is(page, check, shoot):
    page.goto("/app")
    expect(page.get_by_role("heading", level=1)).to_contain_text("what an AI does")
    for heading in ("Decide the rules", "Check a system", "The constitution", "The audit"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator(".stat", has_text="accepted")).to_contain_text("18")
    expect(page.locator(".stat", has_text="people rated them")).to_contain_text("360")
    check(page)
    shoot(page, "home")


def test_an_empty_home_says_what_comes_next(make_site, new_page, check, shoot):
    with make_site(home=None) as site:
        page = new_page(site)
        page.goto("/app")
        expect(page.get_by_role("heading", name="No guidelines yet")).to_be_visible()
        expect(page.get_by_text("labelaudit import ratings")).to_be_visible()
        check(page)
        shoot(page, "home-empty")


def sign_in(page, site, role, subject=None):
    page.goto(site.invite(role, subject))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/app")


def test_people_come_in_by_a_link_and_leave(make_site, new_page, watch, check, shoot):
    with make_site() as site:
        page = new_page(site)
        link = site.invite("participant")
        page.goto("/app")
        expect(page.get_by_text("invitation link")).to_be_visible()
        assert page.get_by_text("Where the community is").count() == 0
        check(page)
        shoot(page, "home-not-signed-in")

        page.goto(link)
        check(page)
        shoot(page, "join")
        watch.allow("status of 422")
        # A name that somebody has: the form comes back with what was typed.
        field = page.get_by_label("A name for you here")
        field.fill("demo")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("is taken")
        expect(field).to_have_value("demo")
        check(page)
        field.fill("Zoë")
        page.keyboard.press("Enter")
        page.wait_for_url("**/app")
        expect(page.locator(".who-name")).to_contain_text("Zoë")
        expect(page.get_by_text("Your invitation is for rating guidelines.")).to_be_visible()
        check(page)
        shoot(page, "home-participant")

        watch.allow("status of 403")
        assert page.goto("/app/name").status == 403
        expect(page.get_by_role("heading", level=1)).to_have_text("This page is not for you")
        shoot(page, "error-403")

        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/app")
        expect(page.get_by_text("invitation link")).to_be_visible()
        watch.allow("status of 401")
        assert page.goto("/app/name").status == 401
        expect(page.get_by_role("heading", level=1)).to_have_text("Please sign in first")
        check(page)
        shoot(page, "error-401")

        watch.allow("status of 410")
        assert page.goto(link).status == 410
        expect(page.get_by_role("heading", level=1)).to_have_text("You cannot sign in")
        check(page)
        shoot(page, "join-used")


@pytest.mark.parametrize("role", ["auditor", "analyst", "operator"])
def test_every_role_is_welcome(make_site, new_page, role):
    with make_site() as site:
        page = new_page(site)
        sign_in(page, site, role, "anna" if role == "auditor" else None)
        expect(page.get_by_role("heading", name="The audit", exact=True)).to_be_visible()
