"""The audit as analysts see it: everybody's to read, nothing to write."""

from __future__ import annotations

from playwright.sync_api import expect

expect.set_options(timeout=60_000)

OVER = "kill, squad, game, shoot"
"""A topic of the demo in which a fault of the system is planted."""


def test_an_analyst_is_offered_nothing_that_would_be_refused(
    make_site, new_page, named, check, shoot
):
    with make_site() as site:
        page = new_page(site)
        page.goto(site.invite("analyst"))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/app")
        named(page, "demo")

        page.goto("/app/audit")
        expect(page.locator("[data-read-only]")).to_contain_text("You read the audit of demo")
        expect(page.locator("[data-overview-chart] svg")).to_be_visible()
        check(page)
        shoot(page, "audit-of-others")

        page.get_by_role("link", name=OVER).click()
        expect(page.locator(".results tbody tr").first.locator("td")).to_have_count(4)
        expect(page.locator("[data-results-chart] svg")).to_be_visible()
        expect(page.locator("#reports-panel")).to_have_count(0)
        main = page.get_by_role("main")
        for words in ("Agree", "Disagree", "Add to evidence", "Label comments", "Tune"):
            expect(main.get_by_role("button", name=words)).to_have_count(0)
            expect(main.get_by_role("link", name=words)).to_have_count(0)
        check(page)
        shoot(page, "audit-of-others-topic")

        page.get_by_role("link", name="Their reports").click()
        expect(page.get_by_role("heading", name="Written reports")).to_be_visible()
        assert page.url.endswith("/app/reports?user=demo")
