"""From an import of real comments to an audit with evidence, in a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=60_000)

EVIDENCE = """() => {
  window.evidence = [];
  document.addEventListener("labelaudit:evidence", (event) => evidence.push(event.detail));
}"""


@pytest.mark.realdata
def test_the_whole_way_on_real_comments(make_site, new_page, named, data_root, tmp_path, shoot):
    home = tmp_path / "home"
    command = [sys.executable, "-m", "labelaudit_dagster.cli"]
    environment = {**os.environ, "LABELAUDIT_HOME": str(home)}
    file = data_root / "popquorn-offensiveness" / "ratings.csv"
    columns = ["--rater", "user_id", "--item", "instance_id", "--rating", "offensiveness"]
    columns += ["--demographics", "gender,race,age,occupation,education", "--scale", "1:5"]
    for arguments in (["import", "ratings", str(file), *columns], ["run", "audit"]):
        subprocess.run([*command, *arguments], env=environment, check=True, capture_output=True)
    with make_site(home=home) as site:
        shutil.rmtree(home)
        page = new_page(site)
        named(page, "real rosa")
        page.goto("/app/label")
        labels = page.locator("[data-rows] .label-row")
        expect(labels).to_have_count(20)
        labels.first.get_by_role("radio").first.focus()
        for key in "12341u23451234512341":
            page.keyboard.press(key)
        expect(page.locator("[data-progress-words]")).to_have_text(
            "20 of 20 comments labelled, all saved"
        )
        shoot(page, "label-real")
        page.get_by_role("button", name="Train my model").click()
        expect(page.get_by_role("heading", name="Your model is trained")).to_be_visible()
        expect(page.locator("[data-figures] svg")).to_have_count(3)
        page.get_by_role("link", name="See the audit").click()
        expect(page.locator("[data-overview-chart] svg")).to_be_visible()
        shoot(page, "audit-real")
        page.locator(".topics tbody a").first.click()
        first = page.locator(".results tbody tr").first
        expect(first).to_be_visible()
        page.evaluate(EVIDENCE)
        first.get_by_role("button", name="Add to evidence").click()
        assert len(page.evaluate("() => evidence")) == 1
        expect(page.locator("[data-results-chart] svg")).to_be_visible()
        shoot(page, "audit-topic-real")
        page.get_by_role("link", name="Compare groups").click()
        expect(page.locator("[data-figure] svg")).to_be_visible()
        shoot(page, "audit-groups-real")
