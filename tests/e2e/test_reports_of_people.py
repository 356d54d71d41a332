"""Reports of people who are signed in, of those who only read, and reports that go to AVID."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from platform_server import PlatformServer
from playwright.sync_api import expect

from labelaudit_dagster.store import create_token

expect.set_options(timeout=60_000)

MODEL = "my_model"
TEXT = "It flags ordinary talk about games."


class Avid(PlatformServer):
    """AVID: gives every document an id, after the faults that are planned."""

    def well_behaved(self, request):
        self.apply(request)
        return 200, json.dumps(f"avid-{len(self.applied)}").encode(), {}


def sign_in(page, site, role, subject=None, name=None):
    page.goto(site.invite(role, subject))
    if name:
        page.get_by_label("A name for you here").fill(name)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/app$"))


def state(page):
    return page.locator(".save-state")


def saved(page):
    expect(state(page)).to_have_attribute("data-phase", "saved")


def begin(page):
    """Begin an empty report by the page; returns its id."""
    page.goto("/app/reports")
    page.get_by_label("Begin from").select_option("none")
    page.get_by_role("button", name="An empty report").click()
    page.wait_for_url(re.compile("/app/reports/[0-9a-f]+"))
    saved(page)
    return page.url.rpartition("/")[2]


def add_comment(page):
    page.get_by_role("button", name="Find comments").click()
    page.get_by_label("With the word").fill("the")
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("dialog .evidence-card button").first.click()
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".evidence-card")).to_have_count(1)


def complete(page, title, text=TEXT):
    report_id = begin(page)
    page.get_by_label("Title").fill(title)
    page.get_by_label("What is wrong?").fill(text)
    page.get_by_label("It is simply wrong").check()
    add_comment(page)
    expect(page.get_by_text("It can be handed on.")).to_be_visible()
    saved(page)
    return report_id


@pytest.fixture(scope="module")
def closed(make_site):
    """A server on which everybody has to sign in."""
    with make_site() as running:
        running.invite("operator")
        yield running


def test_an_auditor_by_invitation_from_the_link_to_a_report(closed, new_page, watch, check):
    watch.allow("status of 40[134]")
    ann = new_page(closed)
    sign_in(ann, closed, "auditor", "ann")
    report_id = complete(ann, "Signed in")
    check(ann)
    ann.get_by_role("button", name="Remove").click()
    expect(ann.get_by_text("Still needed")).to_be_visible()
    ann.get_by_role("button", name="Put it back").click()
    saved(ann)
    ann.reload()
    saved(ann)
    expect(ann.get_by_label("What is wrong?")).to_have_value(TEXT)

    # Somebody else has a way to it neither by its address nor by a guess whose it is.
    bob = new_page(closed)
    sign_in(bob, closed, "auditor", name="bob")
    assert bob.goto(f"/app/reports/{report_id}").status == 404
    for address in (
        "/app/reports?user=ann",
        "/app/reports?user=nobody",
        f"/app/reports/{report_id}?user=ann",
        f"/app/reports/{report_id}/avid?user=ann",
    ):
        assert bob.goto(address).status == 403, address
        expect(bob.get_by_role("heading", level=1)).to_have_text("This page is not for you")
        expect(bob.get_by_text("Signed in")).to_have_count(0)
    check(bob)
    bob.goto("/app/reports")
    expect(bob.get_by_role("heading", name="No report yet")).to_be_visible()

    # A participant has no reports at all, and who is not signed in is told how to be.
    other = new_page(closed)
    assert other.goto("/app/reports").status == 401
    sign_in(other, closed, "participant", "cy")
    assert other.goto("/app/reports").status == 403
    expect(other.get_by_role("link", name="Reports")).to_have_count(0)


def test_a_session_that_ends_in_the_middle(closed, new_page, watch):
    watch.allow("status of 401|status of 403")
    page = new_page(closed)
    sign_in(page, closed, "auditor", "dora")
    report_id = begin(page)
    page.context.clear_cookies()
    page.get_by_label("What is wrong?").fill("Typed without a session.")
    expect(state(page)).to_contain_text("You are not signed in any more")
    # As the message says: in another tab. The first one goes on with the new session.
    second = new_page(same_as=page)
    sign_in(second, closed, "auditor", "dora")
    page.get_by_role("button", name="Try now").click()
    saved(page)
    second.goto(f"/app/reports/{report_id}")
    expect(second.get_by_label("What is wrong?")).to_have_value("Typed without a session.")


def test_analysts_read_and_have_nothing_to_press(closed, new_page, check, shoot):
    author = new_page(closed)
    sign_in(author, closed, "auditor", "eve")
    report_id = complete(author, "For others to read")
    page = new_page(closed)
    sign_in(page, closed, "analyst")
    page.goto("/app/reports")
    page.wait_for_url("**/app/name**")
    page.goto("/app/reports?user=eve")
    expect(page.locator("[data-report]")).to_contain_text("For others to read")
    for name in ("Delete", "Begin", "Hand in"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    check(page)
    shoot(page, "reports-analyst")
    page.locator("[data-report]").get_by_role("link", name="Open").click()
    page.wait_for_url(f"**/app/reports/{report_id}?user=eve")
    expect(page.get_by_role("heading", level=1)).to_have_text("For others to read")
    expect(page.get_by_text(TEXT)).to_be_visible()
    expect(page.locator("main").get_by_role("textbox")).to_have_count(0)
    expect(page.locator("main").get_by_role("button")).to_have_count(0)
    check(page)
    shoot(page, "report-analyst")
    page.goto("/app/explore")
    expect(page.locator(".comment-card").first).to_be_visible()
    expect(page.locator("main").get_by_role("button", name="Label this")).to_have_count(0)


@contextmanager
def handing_in(make_site, avid, **options):
    limits = {"http_timeout_seconds": 20, "http_deadline_seconds": 60, "http_attempts": 1}
    with make_site(
        avid_url=f"{avid.origin}/prod", avid_api_key="key", **{**limits, **options}
    ) as running:
        yield running


def test_reports_are_handed_in_and_success_is_said_only_then(
    make_site, new_page, named, watch, check, shoot
):
    watch.allow("status of 502")
    with Avid(plan=["error_500"]) as avid, handing_in(make_site, avid) as site:
        page = new_page(site)
        named(page, "ann")
        complete(page, "Complete one")
        begin(page)
        page.goto("/app/reports#submit")
        form = page.locator(".submit-form")
        expect(form.get_by_label("Report without a title")).to_be_disabled()
        expect(form).to_contain_text("Still needed")
        expect(form).to_contain_text("127.0.0.1")

        page.get_by_role("button", name="Hand in").click()
        expect(form).to_contain_text("Nothing was sent: choose at least one")
        form.get_by_label("Complete one").check()
        form.get_by_label("Your e-mail address").fill("not an address")
        page.get_by_role("button", name="Hand in 1 report").click()
        expect(form).to_contain_text("Nothing was sent: the e-mail address")
        form.get_by_label("Your e-mail address").fill("")
        assert avid.requests == []
        check(page)
        shoot(page, "reports-submit")

        # AVID refuses: no word of success.
        page.get_by_role("button", name="Hand in 1 report").click()
        expect(form.locator(".note-bad")).to_be_visible()
        expect(form.locator(".note-good")).to_have_count(0)
        receipts = page.locator("[data-receipts] tbody tr")
        expect(receipts).to_have_count(1)
        expect(receipts.first).not_to_contain_text("Confirmed as")
        assert len(avid.requests) == 1

        form.get_by_label("Your name").fill("Ann")
        form.get_by_role("button", name="Hand in 1 report").click()
        expect(form.locator(".note-good")).to_contain_text("AVID has confirmed 1 report.")
        expect(receipts.first).to_contain_text("Confirmed as avid-1")
        expect(receipts).to_have_count(2)
        check(page)
        shoot(page, "reports-submitted")

        # The same again is sent to nobody, and the page says so.
        form.get_by_label("Complete one").check()
        form.get_by_role("button", name="Hand in 1 report").click()
        expect(form.locator(".note-good")).to_contain_text("nothing was sent anew")
        assert len(avid.requests) == 2
        page.reload()
        expect(receipts).to_have_count(2)


def test_an_answer_that_never_arrives_is_no_success(make_site, new_page, named, watch):
    watch.allow("ERR_FAILED|ERR_CONNECTION")
    with Avid() as avid, handing_in(make_site, avid) as site:
        page = new_page(site)
        named(page, "ann")
        complete(page, "Who knows")
        page.goto("/app/reports")
        page.get_by_label("Who knows").check()
        page.route(
            "**/submissions",
            lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
        )
        page.get_by_role("button", name="Hand in 1 report").click()
        expect(page.locator(".submit-form .note-bad")).to_contain_text("it is not known whether")
        expect(page.locator(".submit-form .note-good")).to_have_count(0)


def test_an_operator_writes_for_somebody(closed, new_page):
    """By a token, as a program would; the page says for whom."""
    with closed.database() as database:
        _, token = create_token(database, "operator", now=datetime.now(UTC))
    page = new_page(closed, extra_http_headers={"Authorization": f"Bearer {token}"})
    page.goto("/app/reports?user=fay")
    expect(page.get_by_text("These are the reports of fay")).to_be_visible()
    page.get_by_label("Begin from").select_option("none")
    page.get_by_role("button", name="An empty report").click()
    page.wait_for_url("**/app/reports/*?user=fay")
    expect(page.get_by_text("You are writing for fay")).to_be_visible()
    saved(page)
