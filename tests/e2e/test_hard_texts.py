"""Very long texts, words without an end, Chinese, Arabic and Hebrew, on a phone."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from labelaudit_dagster.importers import read_export
from labelaudit_dagster.launch import run_group
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, import_community

# With importlib mode it can be had by its path alone.
_spec = importlib.util.spec_from_file_location(
    "odd_homes", Path(__file__).with_name("odd_homes.py")
)
_homes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_homes)

expect.set_options(timeout=60_000)

PHONE = {"width": 360, "height": 740}
TEXTS = {
    "long": _homes.LONG,
    "unbroken": _homes.UNBROKEN,
    "chinese": _homes.CHINESE,
    "arabic": _homes.ARABIC,
    "hebrew": _homes.HEBREW,
}
BEGIN = {kind: text[:12] for kind, text in TEXTS.items()}
LONG_ONES = ("long", "unbroken", "chinese")
RIGHT_TO_LEFT = ("arabic", "hebrew")

# How the line that a text begins with lies in its box: 0 is at the left edge, 1 at the right one.
SIDE = """(place) => {
  const range = document.createRange();
  range.selectNodeContents(place);
  const rects = [...range.getClientRects()].filter((one) => one.width > 0);
  const top = Math.min(...rects.map((one) => one.top));
  const line = rects.filter((one) => one.top < top + 5);
  const box = place.getBoundingClientRect();
  const left = Math.min(...line.map((one) => one.left)) - box.left;
  const right = box.right - Math.max(...line.map((one) => one.right));
  return left / Math.max(1, left + right);
}"""


@pytest.fixture(scope="module")
def community(tmp_path_factory):
    """Make a home whose guidelines are the hard texts."""
    home = tmp_path_factory.mktemp("hard") / "home"
    home.mkdir()
    settings = Settings(home=home, bootstrap_replicates=10, leave_one_out_limit=0)
    now = datetime.now(UTC)
    texts = [*TEXTS.values(), "Be kind."]
    empty = {"embeddings": [], "intercept": None}
    export = {
        "topics": [],
        "guidelines": [{"id": f"g{n}", "value": text, **empty} for n, text in enumerate(texts)],
        "users": [{"id": f"u{n}", **empty} for n in range(30)],
        "ratings": [
            {"authorId": f"u{user}", "guidelineId": f"g{n}", "rating": "helpful"}
            for user in range(30)
            for n in range(len(texts))
            if (user + n) % 9
        ],
        "mu": 0.0,
    }
    with Database.open(settings.resolved_database_url) as database:
        import_community(database, read_export(json.dumps(export).encode(), now=now), now=now)
    outcome = run_group(settings, "constitution")
    assert outcome.succeeded, outcome.problems
    return home


@pytest.fixture
def phone(community, odd, new_page, named):
    """Give a tab of a phone on the home with hard comments, as somebody with a model."""
    page = new_page(odd("hard texts"), viewport=PHONE)
    named(page, "ann")
    return page


def holds(page, kind, places):
    """Hold a text to its side, to its room, and to being had in full and taken back."""
    place = places.filter(has_text=BEGIN[kind]).first
    expect(place).to_be_visible()
    # Labels that come later make a row taller.
    page.wait_for_load_state("networkidle")
    assert place.evaluate(SIDE) == pytest.approx(1.0 if kind in RIGHT_TO_LEFT else 0.0, abs=0.2)
    card = place.locator("xpath=ancestor-or-self::*[self::li or self::tr][1]")
    everything = card.get_by_text("Show all")
    if kind not in LONG_ONES:
        expect(everything).to_have_count(0)
        return
    height = card.bounding_box()["height"]
    assert height < 1.1 * PHONE["height"], "a card that one cannot look over"
    expect(everything).to_have_count(1)
    everything.click()
    shown = card.locator(".quote:visible").first
    assert TEXTS[kind][-60:] in shown.inner_text()
    assert shown.evaluate("(one) => one.getBoundingClientRect().right") <= PHONE["width"]
    assert card.bounding_box()["height"] > height
    card.get_by_text("Show less").click()
    assert card.bounding_box()["height"] == pytest.approx(height, abs=1)


@pytest.mark.parametrize("kind", TEXTS)
def test_comments_of_the_audit(phone, kind):
    phone.goto(f"/app/audit?keyword={BEGIN[kind]}")
    holds(phone, kind, phone.locator(".results .comment-text"))


@pytest.mark.parametrize("kind", TEXTS)
def test_comments_to_explore(phone, kind):
    phone.goto(f"/app/explore?keyword={BEGIN[kind]}")
    holds(phone, kind, phone.locator(".comment-card .quote:visible"))


def test_comments_to_label(phone, check, shoot):
    phone.goto("/app/label")
    phone.get_by_text("Your earlier labels").click()
    for kind in TEXTS:
        holds(phone, kind, phone.locator(".label-row .label-text"))
    check(phone)
    shoot(phone, "label-hard")


def test_evidence_of_a_report(phone, odd, check, shoot):
    site = odd("hard texts")
    # The first of each kind.
    items = range(0, 2 * len(TEXTS), 2)
    answer = requests.post(
        f"{site.url}/v1/users/ann/models/my_model/reports",
        json={
            "title": f"{_homes.HEBREW} {_homes.UNBROKEN[:300]}",
            "text_entry": f"{_homes.ARABIC}\n\n{_homes.UNBROKEN}\n\n{_homes.CHINESE}",
            "evidence": [{"item_id": item} for item in items],
        },
        timeout=60,
    )
    answer.raise_for_status()
    report = answer.json()["report_id"]
    phone.goto(f"/app/reports/{report}")
    for kind in TEXTS:
        holds(phone, kind, phone.locator(".evidence-words"))
    for address in (
        f"/app/reports/{report}", f"/app/reports/{report}?version=1", "/app/reports",
        f"/app/reports/{report}/avid", "/app/audit", "/app/explore",
    ):  # fmt: skip
        phone.goto(address)
        check(phone)
    phone.goto("/app/audit?keyword=rude")
    expect(phone.locator(".results tbody tr").first).to_be_visible()
    check(phone)
    shoot(phone, "audit-hard")
    phone.goto(f"/app/reports/{report}?version=1")
    shoot(phone, "report-hard")


def test_guidelines(community, make_site, new_page, named, check, shoot):
    with make_site(home=community) as site:
        page = new_page(site, viewport=PHONE)
        named(page, "ann")
        page.goto("/app/constitution?show=all")
        texts = page.locator(".guideline-text a")
        expect(texts).to_have_count(len(TEXTS) + 1)
        for place in texts.all():
            assert place.bounding_box()["height"] < 200
        for kind in RIGHT_TO_LEFT:
            place = page.locator(".guideline-text", has_text=BEGIN[kind])
            assert place.locator("a").evaluate(SIDE) == pytest.approx(1.0, abs=0.2)
        check(page)
        shoot(page, "constitution-hard")
        for kind in LONG_ONES:
            page.goto("/app/constitution?show=all")
            page.get_by_role("link", name=BEGIN[kind]).first.click()
            heading = page.get_by_role("heading", level=1)
            expect(heading).to_contain_text(BEGIN[kind])
            assert heading.bounding_box()["height"] < 0.8 * PHONE["height"]
            page.get_by_text("The whole guideline").click()
            assert TEXTS[kind][-60:] in page.locator(".whole-text .quote").inner_text()
            check(page)
        shoot(page, "guideline-hard")
        page.goto("/app/rate")
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Begin to rate").click()
        seen = set()
        for turn in range(len(TEXTS) + 1):
            words = page.locator("[data-text]")
            expect(words).to_have_attribute("aria-busy", "false")
            text = words.inner_text()
            seen |= {kind for kind, begin in BEGIN.items() if text.startswith(begin)}
            # The card keeps its size, and its buttons where they are.
            assert page.locator("[data-text-box]").bounding_box()["height"] == 208
            check(page)
            page.locator('[data-rate="helpful"]').click()
            if turn < len(TEXTS):
                expect(words).not_to_have_text(text, use_inner_text=True)
        expect(page.get_by_role("heading", name="You have rated them all")).to_be_visible()
        assert seen == set(TEXTS)
        page.get_by_text("All that you have said").click()
        expect(page.locator(".mine-row")).to_have_count(len(TEXTS) + 1)
        check(page)
        shoot(page, "rate-hard")
