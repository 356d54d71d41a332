"""Texts that attack, on every page of the audit half that shows a text of somebody.

Nothing of them may run: `hit()` is called by all of them, and the fixtures fail a test on any
dialog, breach of the policy, uncaught exception, or request to another server. And they have to be
there as texts: what is filtered away would be a lie about the evidence.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import requests
from playwright.sync_api import expect

from app_api.access import PAGES

# With importlib mode it can be had by its path alone.
_spec = importlib.util.spec_from_file_location(
    "hostile_home", Path(__file__).with_name("hostile_home.py")
)
_home = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_home)
MARKUP, MODEL, PAYLOADS, PLAIN, USER = (
    _home.MARKUP, _home.MODEL, _home.PAYLOADS, _home.PLAIN, _home.USER,
)  # fmt: skip

expect.set_options(timeout=60_000)

DAGSTER = "http://127.0.0.1:3000/"
"""The one address elsewhere, on the operator's page."""

RECORDER = """
globalThis.hit = (how) => { reportToTest(`ran: ${how}`); };
"""


@pytest.fixture(scope="module")
def hostile(make_site, tmp_path_factory):
    """A server on the hostile home; it is slow to make, so that a prepared one is taken."""
    prepared = os.environ.get("LABELAUDIT_TEST_HOSTILE_HOME")
    home = Path(prepared) if prepared else tmp_path_factory.mktemp("hostile") / "home"
    if not prepared:
        root = Path(__file__).resolve().parents[2]
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("hostile_home.py")), str(home)],
            env={**os.environ, "PYTHONPATH": str(root)},
            check=True,
            capture_output=True,
        )
    with make_site(home=home) as running:
        yield running


@pytest.fixture
def tab(new_page, hostile, watch):
    """A tab on that server in which everything that runs is noticed."""
    page = new_page(hostile)
    page.context.add_init_script(RECORDER)
    return page


def path(*parts):
    return "".join("/" + quote(part, safe="") for part in parts)


def settle(page):
    page.wait_for_load_state("networkidle")
    # A function: an expression would be evaluated at each look, which the page's policy forbids.
    page.wait_for_function(
        """() => [...document.querySelectorAll("[aria-busy=true], .loading")].every(
          (one) => !one.checkVisibility())"""
    )


def look(page, address, *, within="main"):
    """Open a page, go through everything on it that opens, and point at what reacts to that."""
    page.goto(address)
    settle(page)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;")
    more = page.get_by_role("button", name="Show all")
    for _ in range(more.count()):
        more.first.click()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    settle(page)
    foreign = page.evaluate(
        """() => [...document.querySelectorAll(
          "main :is(script, iframe, base, style, meta, form[action^='javascript'])")]
          .concat([...document.querySelectorAll("main *")].filter(
            (one) => one.getAttributeNames().some((name) => name.startsWith("on"))))
          .map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert foreign == []
    unsafe = page.evaluate(
        """() => [...document.querySelectorAll("[href], [src], [action]")]
          .map((one) => String(one.href?.baseVal ?? one.href ?? one.src ?? one.action))
          .filter((address) => !address.startsWith(location.origin))"""
    )
    assert set(unsafe) <= ({DAGSTER} if address == "/app/admin" else set())
    return page.locator(within).inner_text()


def as_shown(text):
    """How the middle of a text is found on a page: HTML drops or replaces these characters."""
    return text.replace("\x00", "").split("\n")[0].split("\r")[0].split("\t")[0][:60].strip()


@pytest.fixture(scope="module")
def reports(hostile):
    """Reports of both people: one with every comment as evidence, then one for each title."""
    everything = "\n\n".join(text[:3_000] for text in PAYLOADS.values())[:20_000]
    items = [{"item_id": 3 * place} for place in range(len(PAYLOADS))]
    found = {}
    for user in (USER, PLAIN):
        home = f"{hostile.url}{path('v1', 'users', user)}"

        def write(home=home, **fields):
            answer = requests.post(
                f"{home}{path('models', MODEL, 'reports')}",
                json={"error_type": "System is over-sensitive", "sep_selection": "Other", **fields},
                timeout=60,
            )
            assert answer.status_code == 201, answer.text
            return answer.json()["report_id"]

        found[user] = [
            write(title=MARKUP, text_entry=everything, evidence=items),
            *(write(title=text[:500], text_entry=text[:500]) for text in PAYLOADS.values()),
        ]
    return found


def test_a_hostile_name_on_the_frame_of_every_page(tab):
    tab.goto("/app/name")
    name = MARKUP[:100]
    tab.get_by_label("Your name here").fill(name)
    tab.get_by_role("button", name="Go on").click()
    tab.wait_for_url("**/app")
    for address in sorted(route.removeprefix("GET ") for route in PAGES if "{" not in route):
        if address.startswith("/app") and address not in ("/app/",):
            look(tab, address)
            expect(tab.locator(".who-name bdi")).to_have_text(name)


def test_comments_on_the_page_to_explore(tab):
    unseen = {
        kind: as_shown(text) for kind, text in PAYLOADS.items() if kind != "control characters"
    }
    for seed in range(60):
        text = look(tab, f"/app/explore?seed={seed}")
        unseen = {kind: words for kind, words in unseen.items() if words not in text}
        if not unseen:
            break
    assert unseen == {}


@pytest.mark.parametrize("kind", ["attribute", "end of textarea", "templates", "nul", "long word"])
def test_conditions_in_the_address_of_the_page_to_explore(tab, kind):
    word = PAYLOADS[kind][:200]
    look(tab, f"/app/explore?{urlencode({'keyword': word, 'topic': word})}")
    expect(tab.get_by_label("With the word")).to_have_value(word.replace("\x00", "\ufffd"))
    expect(tab.get_by_label("Topic")).to_have_value(word.replace("\x00", "\ufffd"))


@pytest.mark.parametrize("user", [USER, PLAIN], ids=["hostile name", "plain name"])
def test_lists_of_reports(tab, reports, user):
    text = look(tab, f"/app/reports?{urlencode({'user': user})}")
    expect(tab.locator("[data-report]")).to_have_count(len(PAYLOADS) + 1)
    assert MARKUP in text
    assert PAYLOADS["end of script"] in text


@pytest.mark.parametrize("user", [USER, PLAIN], ids=["hostile name", "plain name"])
def test_a_report_in_every_form(tab, reports, user):
    report = reports[user][0]
    whose = urlencode({"user": user})
    # Written, read as an earlier version, for AVID.
    look(tab, f"/app/reports/{report}?{whose}")
    expect(tab.locator(".save-state")).to_have_attribute("data-phase", "saved")
    expect(tab.get_by_label("Title")).to_have_value(MARKUP)
    expect(tab.locator(".evidence-card")).to_have_count(len(PAYLOADS))
    for kind in ("script", "svg", "templates", "right to left", "emoji"):
        expect(tab.locator(".evidence-text", has_text=as_shown(PAYLOADS[kind]))).to_have_count(1)
    text = look(tab, f"/app/reports/{report}?version=1&{whose}")
    assert PAYLOADS["script"] in text
    expect(tab.locator(".evidence-card")).to_have_count(len(PAYLOADS))
    look(tab, f"/app/reports/{report}/avid?{whose}")
    # To print: a page of its own under a policy of its own.
    tab.goto(f"{path('v1', 'users', user, 'reports', report)}?format=html&version=1")
    expect(tab.locator("blockquote")).to_have_count(len(PAYLOADS))


@pytest.mark.parametrize("kind", ["templates", "nul", "control characters", "long"])
def test_a_title_in_the_form_and_in_the_tab(tab, reports, kind):
    report = reports[PLAIN][1 + list(PAYLOADS).index(kind)]
    look(tab, f"/app/reports/{report}?{urlencode({'user': PLAIN})}")
    expect(tab.locator(".save-state")).to_have_attribute("data-phase", "saved")
    expect(tab.get_by_role("heading", level=1)).to_contain_text(PAYLOADS[kind][:4])


def test_a_report_of_somebody_with_a_hostile_name(tab, reports):
    report = reports[USER][0]
    whose = urlencode({"user": USER})
    look(tab, f"/app/reports/{report}?{whose}")
    expect(tab.locator(".save-state")).to_have_attribute("data-phase", "saved")
    tab.get_by_label("What is wrong?").fill(MARKUP)
    tab.get_by_role("button", name="Find comments").click()
    tab.get_by_label("With the word").fill("<script>")
    tab.get_by_role("button", name="Find", exact=True).click()
    expect(tab.locator("dialog .evidence-card").first).to_contain_text("<script>hit(")
    tab.get_by_role("button", name="Done").click()
    expect(tab.locator(".save-state")).to_have_attribute("data-phase", "saved")
    tab.get_by_role("button", name="Remove").first.click()
    tab.get_by_role("link", name="Version 1").click()
    settle(tab)


def test_a_conflict_between_hostile_texts(tab, reports, hostile, watch):
    watch.allow("status of 412")
    report = reports[PLAIN][1]
    look(tab, f"/app/reports/{report}?{urlencode({'user': PLAIN})}")
    expect(tab.locator(".save-state")).to_have_attribute("data-phase", "saved")
    answer = requests.put(
        f"{hostile.url}{path('v1', 'users', PLAIN, 'reports', report)}",
        json={"title": MARKUP, "text_entry": MARKUP, "evidence": [{"item_id": 0}, {"item_id": 6}]},
        headers={"If-Match": "*"},
        timeout=60,
    )
    assert answer.status_code == 200
    tab.get_by_label("What is wrong?").fill(f"mine {MARKUP}")
    conflict = tab.locator(".conflict")
    expect(conflict).to_contain_text(f"mine {MARKUP}")
    settle(tab)
    conflict.get_by_role("button", name="All of the newer one").click()
    conflict.get_by_role("button", name="Save this choice").click()
    expect(tab.locator(".save-state")).to_have_attribute("data-phase", "saved")


PAGES_OF_MODELS = [page for page in ("/app/label", "/app/audit") if f"GET {page}" in PAGES]


@pytest.mark.parametrize("page", PAGES_OF_MODELS)
@pytest.mark.parametrize("user", [MARKUP[:100], PLAIN], ids=["hostile name", "plain name"])
def test_labelling_and_auditing(tab, hostile, page, user, watch):
    watch.allow("status of 404")
    tab.goto("/app/name")
    tab.get_by_label("Your name here").fill(user)
    tab.get_by_role("button", name="Go on").click()
    tab.wait_for_url("**/app")
    look(tab, page)
    model = MODEL if user == PLAIN else "my_model"
    look(tab, f"{page}?{urlencode({'model': model})}")
    if page != "/app/audit":
        return
    topics = requests.get(f"{hostile.url}/v1/topics", timeout=60).json()["topics"]
    for topic in topics:
        look(tab, f"{page}?{urlencode({'model': model, 'topic': topic['topic']})}")
    for kind in ("script", "templates", "vega expression", "long", "right to left"):
        look(tab, f"{page}?{urlencode({'model': model, 'keyword': PAYLOADS[kind][:40]})}")
        mark = tab.locator(":is(.mark-rect, .mark-symbol) path").first
        if mark.count():
            # Its tooltip shows the text.
            mark.hover(force=True)
    for column in ("gender", "age"):
        look(tab, f"{page}?{urlencode({'model': model, 'compare': column})}")
    look(tab, f"{page}?{urlencode({'model': MARKUP, 'topic': MARKUP, 'error': MARKUP})}")
