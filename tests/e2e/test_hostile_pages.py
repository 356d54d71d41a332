"""Texts that attack, in every place where a text of somebody reaches a page.

Every page of the table `PAGES` is visited on a home in which guidelines, titles of topics,
comments, demographics, names, models, reports and proposals are attacks. A script that runs calls
`reportToTest`, which fails the test as a breach of the policy does.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
import requests

from app_api.access import PAGES
from labelaudit_dagster.launch import run_audit, run_group
from labelaudit_dagster.sample import community
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, import_community

for _folder in ("app_api", "assets"):
    _path = str(Path(__file__).parents[1] / _folder)
    if _path not in sys.path:
        sys.path.insert(0, _path)

from audit_homes import AuditHome, small_corpus  # noqa: E402 - the path first
from audited_homes import with_demographics  # noqa: E402

RUN = "reportToTest('a script ran')"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">',
    f"'><svg/onload={RUN}>",
    f"</script><script>{RUN}</script>",
    f"</title></textarea></style><script>{RUN}</script>",
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'<a href="javascript:{RUN}">a</a>',
    f'" autofocus onfocus="{RUN}" x="',
    f"javascript:{RUN}",
    f'{{{{constructor.constructor("{RUN}")()}}}}${{{RUN}}}',
    "<style>*{display:none}</style><base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<!--<b>&lt;i&gt;&#60;u&#62;\u202e\u2028]]>",
]
USER = f'u"><img src=x onerror="{RUN}">'
MODEL = f"m</script><script>{RUN}</script>"
CHANGING_ADDRESS = {"/app/name", "/app/"}
"""Pages that need no home: `test_shell.py` has them."""


def hostile(texts: pd.Series) -> pd.Series:
    """Put an attack before each text; the text keeps them apart."""
    attacks = cycle(PAYLOADS)
    return texts.map(lambda text: f"{next(attacks)} {text}").astype("str")


@pytest.fixture(scope="module", autouse=True)
def hostile_home(tmp_path_factory):
    """The home; made before the browser starts, whose event loop Dagster cannot have beside it."""
    settings = Settings(home=tmp_path_factory.mktemp("hostile") / "home")
    settings.home.mkdir()
    audit = AuditHome(settings)
    corpus = with_demographics(small_corpus())
    raters = corpus.raters
    audit.load(
        replace(
            corpus,
            comments=corpus.comments.assign(text=hostile(corpus.comments["text"])),
            raters=raters.assign(
                gender=raters["gender"].map(lambda one: one and f"{PAYLOADS[0]} {one}"),
                race=raters["race"].map(lambda one: one and f"{PAYLOADS[1]} {one}"),
            ),
        )
    )
    people = community()
    attacked = replace(
        people,
        guidelines=people.guidelines.assign(text=hostile(people.guidelines["text"])),
        topics=people.topics.assign(title=hostile(people.topics["title"])),
    )
    with Database.open(settings.resolved_database_url) as database:
        import_community(database, attacked, mode="refuse", now=datetime.now(UTC))
    for model in ("my_model", MODEL):
        audit.label(USER, {item: float(item % 5) for item in range(12)}, model)
    outcomes = [run_group(settings, "constitution"), *run_audit(settings)]
    assert all(outcome.succeeded for outcome in outcomes), outcomes
    return settings.home


@pytest.fixture(scope="module")
def site(make_site, hostile_home):
    with make_site(hostile_home) as running:
        yield running


@pytest.fixture(scope="module")
def report(site):
    """Id of a report of attacks, on a server with a proposal of one."""
    whose = f"{site.url}/v1/users/{quote(USER, safe='')}"
    document = {
        "title": f"Topic: {PAYLOADS[1]}",
        "text_entry": "\n\n".join(PAYLOADS),
        "error_type": "System is over-sensitive",
        "sep_selection": "Accuracy",
        "evidence": [{"item_id": item} for item in range(len(PAYLOADS))],
    }
    made = requests.post(f"{whose}/models/my_model/reports", json=document, timeout=60)
    assert made.status_code == 201, made.text
    for payload in PAYLOADS[:4]:
        proposal = {"text": f"{payload} is proposed", "participant_id": USER}
        answer = requests.post(f"{site.url}/v1/proposals", json=proposal, timeout=60)
        assert answer.status_code == 201, answer.text
    return made.json()["report_id"]


@pytest.fixture
def addresses(site, report):
    """Return every page with what it needs filled in, also for the model with the hostile name."""
    guidelines = requests.get(f"{site.url}/v1/constitution/guidelines?limit=2", timeout=60).json()
    version = requests.get(f"{site.url}/v1/constitutions", timeout=60).json()["versions"][0]
    topics = requests.get(f"{site.url}/v1/topics", timeout=60).json()["topics"]
    known = {
        "report_id": report,
        "guideline": guidelines["guidelines"][0]["guideline_id"],
        "version": version["version"],
        "topic": topics[0]["topic"],
    }
    found = []
    for route in PAGES:
        method, path = route.split(" ")
        if method != "GET" or path.startswith(("/app/static", "/app/vega")):
            continue
        filled = path.format(**known) if "{" in path else path
        if filled not in CHANGING_ADDRESS:
            found += [filled, f"{filled}?model={quote(MODEL, safe='')}"]
    return found


FOREIGN = """() => {
  const own = location.origin + "/app/";
  const bad = [];
  for (const one of document.querySelectorAll("*")) {
    for (const { name, value } of one.attributes) {
      if (name.startsWith("on")) bad.push(`${one.tagName} ${name}`);
      if (/^(href|src|action|formaction|xlink:href)$/.test(name) && /^\\s*javascript:/i.test(value))
        bad.push(`${one.tagName} ${name}=${value}`);
    }
  }
  const never = "iframe, object, embed, base, style, meta[http-equiv]";
  for (const one of document.querySelectorAll(never))
    bad.push(one.outerHTML.slice(0, 200));
  for (const one of document.scripts)
    if (!one.src.startsWith(own) || one.textContent.trim()) bad.push(one.outerHTML.slice(0, 200));
  for (const one of document.images) bad.push(one.outerHTML.slice(0, 200));
  return bad;
}"""


def test_texts_of_people_stay_texts_on_every_page(
    page, watch, subtests, named, addresses, check_is_quiet
):
    named(page, USER)
    watch.allow("status of 404")  # a model or a topic that a page asks for and has not
    shown = {}
    for address in addresses:
        with subtests.test(address=address):
            answer = page.goto(address)
            assert answer.status in (200, 404), answer.status
            check_is_quiet(page)
            assert page.evaluate(FOREIGN) == []
            for mark in page.locator(".chart-view svg path").all()[:5]:
                if mark.is_visible():
                    mark.hover(force=True)
            assert page.evaluate(FOREIGN) == []
            text = page.locator("body").inner_text()
            shown[address] = sum(payload[:40] in text for payload in PAYLOADS)
            assert watch.unexpected() == []
    # They are there, to be read; the name stands on each page.
    assert sum(count > 0 for count in shown.values()) >= 4, shown


@pytest.fixture
def check_is_quiet():
    """Wait until a page has drawn what it loads, also where that is nothing."""

    def wait(page):
        page.wait_for_load_state("networkidle")
        page.wait_for_function(
            """() => [...document.querySelectorAll("[aria-busy=true], .loading")].every(
              (one) => !one.checkVisibility())"""
        )

    return wait
