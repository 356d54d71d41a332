"""Public conversations on the pages about guidelines: hundreds of them, and in Chinese."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def home_of(tmp_path_factory, data_root):
    """Make a home with a conversation's constitution, once for each."""
    made = {}

    def make(name):
        if name not in made:
            home = tmp_path_factory.mktemp(name) / "home"
            environment = {**os.environ, "LABELAUDIT_HOME": str(home)}
            for command in (["import", "polis", str(data_root / name)], ["run", "constitution"]):
                subprocess.run(
                    [sys.executable, "-m", "labelaudit_dagster.cli", *command],
                    env=environment, check=True, capture_output=True,
                )  # fmt: skip
            made[name] = home
        return made[name]

    return make


def test_a_conversation_in_chinese(home_of, make_site, new_page, named, check, shoot):
    with make_site(home=home_of("polis-vtaiwan-uberx")) as site:
        page = new_page(site)
        page.goto("/app/constitution?show=all")
        assert page.locator(".guideline").count() > 100
        expect(page.locator(".guideline-text").first).to_contain_text(re.compile("[\u4e00-\u9fff]"))
        page.goto("/app/constitution")
        check(page)
        shoot(page, "chinese-constitution")
        page.goto(page.locator(".guideline-text a").first.get_attribute("href"))
        expect(page.locator(".chart-view svg")).to_be_visible()
        shoot(page, "chinese-guideline")
        page.goto("/app/constitution?show=all&q=計程車")
        assert 0 < page.locator(".guideline").count() < 119
        named(page, "ann")
        page.goto("/app/rate")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Begin to rate").click()
        expect(page.locator("[data-text]")).to_contain_text(re.compile("[\u4e00-\u9fff]"))
        check(page)
        shoot(page, "chinese-rate")


def test_hundreds_of_guidelines_are_there_at_once(home_of, make_site, new_page, check, shoot):
    with make_site(home=home_of("ccai")) as site:
        page = new_page(site)
        page.goto("/app/constitution")
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/app/constitution?show=all")
        page.wait_for_load_state("networkidle")
        assert page.locator(".guideline").count() == 275
        # The first view needs neither charts nor further data.
        assert not [url for url in asked if "/v1/" in url or "vega" in url]
        page.goto("/app/constitution")
        check(page)
        shoot(page, "ccai-constitution")
