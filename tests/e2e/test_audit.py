"""The audit page: the way of an auditor from labels to evidence, by mouse, keyboard and address."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=60_000)

HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}</script><script>alert(2)</script>"
OVER, UNDER = "kill, squad, game, shoot", "parents, child, nursery, potty"
"""Topics of the demo in which faults of the system are planted."""

EVIDENCE = """() => {
  window.evidence = [];
  document.addEventListener("labelaudit:evidence", (event) => evidence.push(event.detail));
}"""


def get(site, path):
    with urllib.request.urlopen(f"{site.url}{path}", timeout=60) as answer:
        return json.load(answer)


def send(site, method, path, body=None):
    request = urllib.request.Request(
        f"{site.url}{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def trained(site, user, model="my_model", n=8):
    """Label and train beside the browser: words of insult are bad, all others are not."""
    me = f"/v1/users/{quote(user, safe='')}/models/{quote(model, safe='')}"
    comments = get(site, f"{me}/suggestions?n={n}")["comments"]
    bad = re.compile("idiot|clown|worst|disgrace|useless", re.IGNORECASE)
    labels = [
        {"item_id": one["item_id"], "rating": 4 if bad.search(one["text"]) else 0}
        for one in comments
    ]
    send(site, "POST", f"{me}/labels", {"labels": labels})
    send(site, "POST", f"{me}/trainings")


@pytest.fixture
def auditing(page, named, site):
    """Open the audit of the demo's person, whose model is trained."""

    def opened(query="", user="demo"):
        named(page, user)
        page.goto(f"/app/audit{query}")
        expect(page.locator("[data-loading]")).to_be_hidden()
        return page

    return opened


def rows(page):
    return page.locator(".results tbody tr")


def title(page):
    return page.locator("[data-results-title]")


def test_the_whole_way_from_labels_to_evidence(page, named, watch):
    named(page, "newcomer nora")
    page.goto("/app/audit")
    expect(page.locator("[data-no-model-words]")).to_contain_text("You have no model yet")
    page.get_by_role("link", name="Label about twenty comments").click()
    page.wait_for_url("**/app/label**")
    labels = page.locator("[data-rows] .label-row")
    expect(labels).to_have_count(20)
    for place in range(20):
        text = labels.nth(place).locator(".label-text").inner_text()
        rude = re.search("idiot|clown|worst|disgrace|useless|hate", text, re.IGNORECASE)
        words = "very toxic" if rude else "not at all toxic"
        labels.nth(place).get_by_text(words, exact=True).click()
    expect(page.locator("[data-progress-words]")).to_contain_text("all saved")
    page.get_by_role("button", name="Train my model").click()
    expect(page.get_by_role("heading", name="Your model is trained")).to_be_visible()
    expect(page.locator("[data-figures] svg")).to_have_count(3)
    page.get_by_role("link", name="See the audit").click()
    known = page.get_by_role("region", name="How well the model knows you")
    expect(known).to_contain_text("points on average")
    expect(known).to_contain_text("90 % interval")
    first = page.locator(".topics tbody a").first
    words = first.inner_text()
    first.click()
    expect(title(page)).to_have_text(words)
    expect(title(page)).to_be_focused()
    page.evaluate(EVIDENCE)
    comment = rows(page).first.locator(".comment-text").inner_text()
    rows(page).first.get_by_role("button", name="Add to evidence").click()
    (detail,) = page.evaluate("() => evidence")
    assert detail["comment"] == comment
    assert detail["row"]["item_id"] == detail["item_id"]
    assert detail["topic"] == detail["row"]["topic"]
    assert page.locator("#reports-panel").get_attribute("data-user") == "newcomer nora"
    assert page.locator("#reports-panel").get_attribute("data-model") == "my_model"


def test_topics_by_square_table_and_sorting(auditing, check, shoot):
    page = auditing()
    expect(page.locator("[data-overview-chart] svg")).to_be_visible()
    table = page.locator(".topics")
    expect(table.locator("tbody a").first).to_have_text(OVER)
    check(page)
    shoot(page, "audit")
    table.get_by_role("button", name="Lets pass wrongly").click()
    expect(table.locator("tbody a").first).to_have_text(UNDER)
    head = table.get_by_role("columnheader", name="Lets pass wrongly")
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    table.get_by_role("button", name="Topic", exact=True).click()
    names = table.locator("tbody a").all_inner_texts()
    assert names == sorted(names)
    page.get_by_role("group", name="Show topics with").get_by_text("Lets pass wrongly").click()
    expect(table.get_by_role("link", name=UNDER)).to_be_visible()
    expect(table.get_by_role("link", name=OVER)).to_have_count(0)
    # A square leads to its topic.
    page.locator("[data-overview-chart] .role-mark.mark-symbol path").first.click()
    expect(title(page)).to_be_visible()
    assert "topic=" in page.url


def test_the_comments_of_a_topic(auditing, check, shoot):
    page = auditing()
    page.get_by_role("link", name=OVER).click()
    expect(rows(page)).to_have_count(25)
    expect(page.locator("[data-results-chart] svg")).to_be_visible()
    expect(page.locator("[data-results-about]")).to_contain_text("213 comments.")
    check(page)
    shoot(page, "audit-topic")
    filters = page.get_by_role("group", name="Show comments that the system")
    filters.get_by_text("Lets pass wrongly").click()
    assert "error=under" in page.url
    count = int(filters.get_by_text("Lets pass wrongly").locator(".count").inner_text())
    expect(rows(page)).to_have_count(min(count, 25))
    filters.get_by_text("Flags wrongly").click()
    expect(rows(page).first).to_contain_text("flags wrongly")
    page.get_by_role("button", name=re.compile("^Show 50 more of")).click()
    expect(rows(page)).to_have_count(75)
    # A square of the chart leads to its comment, wherever in the table it is.
    page.locator("[data-results-chart] .role-mark.mark-symbol path").last.click(force=True)
    page.wait_for_function("() => document.activeElement.matches('.results tr')")
    page.get_by_role("button", name="Next topic →").click()
    expect(title(page)).to_have_text(UNDER)
    page.get_by_role("link", name="Tune a model to this topic").click()
    page.wait_for_url("**/app/label**")
    expect(page.get_by_role("dialog", name="Start another model")).to_be_visible()


def test_going_back_forward_and_reloading_restores_the_view(auditing):
    page = auditing()
    page.get_by_role("link", name=OVER).click()
    expect(rows(page)).to_have_count(25)
    page.get_by_role("group", name="Show comments that the system").get_by_text("Both").click()
    page.wait_for_url("**error=both**")
    page.reload()
    expect(title(page)).to_have_text(OVER)
    expect(page.locator("[data-result-filter] [data-error-filter=both]")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("searchbox").fill("KILL")
    page.get_by_role("button", name="Search").click()
    expect(title(page)).to_have_text("Comments with “KILL”")
    assert "keyword=KILL" in page.url
    page.go_back()
    expect(title(page)).to_have_text(OVER)
    page.go_back()
    page.go_back()
    expect(page.locator(".topics")).to_be_visible()
    page.go_forward()
    expect(title(page)).to_have_text(OVER)
    page.get_by_role("link", name="All topics").click()
    expect(page.locator(".topics")).to_be_visible()


def test_a_word_that_nothing_holds_and_topics_that_are_not(auditing, watch, check):
    watch.allow("status of 404")
    page = auditing("?keyword=xyzzyplugh")
    expect(page.locator("[data-results-about]")).to_contain_text("No comment was found")
    check(page)
    page.goto("/app/audit?topic=99_no_such_topic")
    expect(page.get_by_role("heading", name="There is no such topic")).to_be_visible()
    page.get_by_role("link", name="To all topics").click()
    expect(page.locator(".topics")).to_be_visible()


def test_disagreeing_becomes_a_label(auditing, site):
    trained(site, "judge jo")
    page = auditing("?keyword=squad", user="judge jo")
    first = rows(page).first
    item = int(first.get_attribute("data-item"))
    flags = "flags it" in first.locator(".cell-short").first.inner_text()
    first.get_by_role("button", name="Disagree").click()
    choices = first.get_by_role("group", name="How would you rate it?").get_by_role("button")
    # Only ratings on the other side of the threshold disagree.
    expect(choices).to_have_count(3 if flags else 2)
    choices.first.click()
    expect(first).to_contain_text("Your label: 0, not at all toxic" if flags else "Your label: 3")
    expect(page.locator("[data-fresh-words]")).to_contain_text("One new label")
    stored = get(site, "/v1/users/judge%20jo/models/my_model/labels")["labels"]
    assert {row["item_id"]: row["rating"] for row in stored}[item] == (0 if flags else 3)
    page.reload()
    again = page.locator(f".results tr[data-item='{item}']")
    expect(again.get_by_role("button", name="Disagree")).to_have_attribute("aria-pressed", "true")
    # Pressing the other side changes nothing before one rates, and says so.
    again.get_by_role("button", name="Agree", exact=True).click()
    expect(again).to_contain_text("Your label is still")
    again.get_by_role("group", name="How would you rate it?").get_by_role("button").first.click()
    expect(again).to_contain_text("✓ Your label: 3" if flags else "✓ Your label: 0")


def test_by_keyboard_alone(auditing):
    page = auditing()

    def tab_to(selector, most=60):
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    tab_to("[data-keyword]")
    tab_to(".topics a")
    page.keyboard.press("Enter")
    expect(title(page)).to_be_focused()
    tab_to("[data-error-filter=both]")
    page.keyboard.press("Enter")
    page.wait_for_url("**error=both**")
    tab_to("[data-judge=disagree]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-rate]").first).to_be_visible()
    assert page.evaluate("() => document.activeElement.dataset.judge") == "disagree"
    tab_to("[data-rate]")
    page.keyboard.press("Enter")
    expect(rows(page).first).to_contain_text("Your label")
    page.evaluate(EVIDENCE)
    tab_to("[data-evidence]")
    page.keyboard.press("Enter")
    assert len(page.evaluate("() => evidence")) == 1


def test_without_a_model(auditing, check, shoot):
    page = auditing("?mode=no_model")
    expect(page.get_by_role("button", name="Surely wrong in")).to_have_count(0)
    expect(page.locator("[data-facts]")).to_be_hidden()
    expect(page.locator("[data-overview-chart] svg")).to_be_visible()
    check(page)
    shoot(page, "audit-without-model")
    page.get_by_role("link", name=OVER).click()
    assert "mode=no_model" in page.url
    expect(rows(page).first.locator("td")).to_have_count(3)
    expect(page.locator("[data-results-about]")).to_contain_text("The system flags")
    expect(page.locator("[data-results-chart] svg")).to_be_visible()
    page.get_by_label("Seen by").select_option("my_model")
    expect(rows(page).first.locator("td")).to_have_count(5)


def test_comparing_groups_and_models(auditing, site, check, shoot):
    for body in (
        {"kind": "group", "base": "my_model", "group": {"gender": ["Female"]}},
        {"kind": "base", "name": "second"},
    ):
        send(site, "POST", "/v1/users/compare%20cleo/models", body)
    trained(site, "compare cleo")
    group = next(
        one["name"]
        for one in get(site, "/v1/users/compare%20cleo/models")["models"]
        if one["kind"] == "group"
    )
    send(site, "POST", f"/v1/users/compare%20cleo/models/{quote(group, safe='')}/trainings")
    page = auditing(user="compare cleo")
    page.get_by_role("link", name="Compare groups").click()
    table = page.locator("[data-groups-table]")
    expect(table.locator("thead")).to_contain_text("Female")
    expect(page.locator("[data-figure] svg")).to_be_visible()
    page.get_by_label("gender: Female (group)").check()
    expect(table.locator("thead th")).to_have_count(8)
    page.get_by_label("Groups by").select_option("political_affilation")
    expect(table.locator("thead")).to_contain_text("Conservative")
    assert "compare=political_affilation" in page.url
    expect(page.locator("[data-figure] svg")).to_be_visible()
    check(page)
    shoot(page, "audit-groups")
    table.get_by_role("link").first.click()
    expect(title(page)).to_be_visible()
    page.goto(f"/app/audit?model={quote(group)}")
    expect(page.get_by_role("region", name="How well the model knows the group")).to_be_visible()


def test_a_training_in_another_tab_is_shown(auditing, new_page, site):
    trained(site, "tab tess")
    page = auditing(user="tab tess")
    known = page.get_by_role("region", name="How well the model knows you")
    expect(known).to_contain_text("8 labels")
    trained(site, "tab tess", n=3)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(known).to_contain_text("11 labels")
    expect(page.locator("[data-notices]")).to_contain_text("trained meanwhile")


def test_a_restart_in_the_middle(make_site, new_page, named, watch):
    watch.allow("Failed to load resource|net::ERR")
    with make_site() as site:
        page = new_page(site)
        named(page, "demo")
        page.goto("/app/audit")
        expect(page.locator("[data-overview-chart] svg")).to_be_visible()
        page.wait_for_load_state("networkidle")
        site.stop()
        page.get_by_role("searchbox").fill("castle")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("heading", name="This could not be shown")).to_be_visible()
        site.start()
        page.get_by_role("button", name="Try again").click()
        expect(title(page)).to_have_text("Comments with “castle”")
        expect(rows(page).first).to_be_visible()


def test_nothing_is_imported(make_site, new_page, named, check, shoot, watch):
    watch.allow("status of 404.*/v1/corpus")
    with make_site(home=None) as empty:
        page = new_page(empty)
        named(page, "first")
        page.goto("/app/audit")
        expect(page.get_by_role("heading", name="There is nothing to audit yet")).to_be_visible()
        check(page)
        shoot(page, "audit-empty")


def test_hostile_texts_everywhere(make_site, new_page, named, tmp_path, check):
    """Comments, groups, model names, words of the search: none becomes markup."""
    file = tmp_path / "hostile.csv"
    words = ("kettle", "lorry", "museum", "garden")
    lines = ["user_id,item_id,rating,text,gender,system"]
    quoted = HOSTILE.replace('"', '""')
    for item in range(120):
        for rater in range(8):
            text = f"{words[item % 4]} {words[item % 4]}s {quoted} {item}"
            lines.append(f'r{rater},{item},{(item + rater) % 5},"{text}","{quoted}",{item % 5}')
    file.write_text("\n".join(lines), encoding="utf-8")
    home = tmp_path / "home"
    command = [sys.executable, "-m", "labelaudit_dagster.cli"]
    environment = {**os.environ, "LABELAUDIT_HOME": str(home)}
    columns = ["--rater", "user_id", "--item", "item_id", "--rating", "rating", "--scale", "0:4"]
    columns += ["--system-scores", "system", "--demographics", "gender"]
    for arguments in (["import", "ratings", str(file), *columns], ["run", "audit"]):
        subprocess.run([*command, *arguments], env=environment, check=True, capture_output=True)
    with make_site(home=home) as site:
        trained(site, HOSTILE, HOSTILE)
        page = new_page(site)
        named(page, " ".join(HOSTILE.split()))
        page.goto(f"/app/audit?model={quote(HOSTILE)}")
        expect(page.locator("[data-overview-chart] svg")).to_be_visible()
        page.locator(".topics a").first.click()
        expect(rows(page).first.locator(".comment-text")).to_contain_text("<img src=x")
        expect(page.locator("[data-results-chart] svg")).to_be_visible()
        page.locator("[data-results-chart] .role-mark.mark-symbol path").first.hover(force=True)
        check(page)
        page.get_by_role("searchbox").fill("<script>")
        page.keyboard.press("Enter")
        expect(title(page)).to_have_text("Comments with “<script>”")
        expect(rows(page).first).to_be_visible()
        page.get_by_role("link", name="Compare groups").click()
        expect(page.locator("[data-groups-table] thead")).to_contain_text("<img src=x")
        expect(page.locator("[data-figure] svg")).to_be_visible()
        page.goto(f"/app/label?model={quote(HOSTILE)}")
        expect(page.locator("[data-rows] .label-text").first).to_contain_text("<img src=x")
        page.get_by_role("button", name="Start another model").click()
        page.get_by_text("A group of people").click()
        expect(page.locator("[data-groups]")).to_contain_text("<img src=x")
        page.goto("/app/audit?compare=%3Cscript%3E&error=%3Cb%3E&method=x&model=%00")
        expect(page.locator("[data-groups-table] thead")).to_contain_text("<img src=x")
