"""Labelling comments: nothing that somebody chose is lost, and how good the model is is said."""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from labelaudit_dagster.launch import Launcher

# A machine that runs tests is busy, and the first reader of a corpus reads all of it.
expect.set_options(timeout=60_000)

HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}</script><script>alert(2)</script>"


def labels_on_the_server(site, user, model="my_model"):
    """Return what the server has, by item."""
    path = f"{site.url}/v1/users/{quote(user, safe='')}/models/{quote(model, safe='')}/labels"
    with urllib.request.urlopen(path, timeout=60) as answer:
        found = json.load(answer)
    return {row["item_id"]: row["rating"] for row in found["labels"]}


def send(site, method, path, body):
    """Change something beside the browser, as another device would."""
    request = urllib.request.Request(
        f"{site.url}{path}",
        data=json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def train_on_another_machine(site, user):
    with Launcher(site.settings) as launcher:
        launcher.train_user(user, "my_model")


def row(page, place):
    return page.locator("[data-rows] .label-row").nth(place)


def choose(page, place, words):
    row(page, place).get_by_text(words, exact=True).click()


def item_of(page, place):
    return int(row(page, place).get_attribute("data-item"))


def all_saved(page):
    expect(page.locator("[data-progress-words]")).to_contain_text("all saved")


@pytest.fixture
def labelling(page, named):
    """Open the page under a name of one's own."""

    def opened(name, query=""):
        named(page, name)
        page.goto(f"/app/label{query}")
        expect(row(page, 0)).to_be_visible()
        return page

    return opened


def test_twenty_labels_by_keyboard_then_a_model(labelling, site, check, shoot):
    page = labelling("keyboard kay")
    assert page.locator("[data-rows] .label-row").count() == 20
    expect(page.get_by_role("button", name="Train my model")).to_be_disabled()
    page.get_by_role("radio").first.focus()
    for key in "01230124u01230123012":
        page.keyboard.press(key)
    expect(page.locator("[data-progress-words]")).to_have_text(
        "20 of 20 comments labelled, all saved"
    )
    stored = labels_on_the_server(site, "keyboard kay")
    assert len(stored) == 20
    assert list(stored.values()).count(None) == 1
    check(page)
    shoot(page, "label-done")
    # Nothing keeps the keyboard: from the answers on to the button.
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("() => 'train' in document.activeElement.dataset"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your model is trained")).to_be_focused()
    known = page.get_by_role("region", name="How well the model knows you")
    expect(known).to_contain_text(re.compile(r"90 % interval: [\d.]+ to [\d.]+"))
    expect(known).to_contain_text("each of your 19 labels was predicted from the others")
    differs = page.get_by_role("region", name="Where the system differs from you")
    expect(differs).to_contain_text("This is no error of the model")
    expect(page.locator("[data-figures] figure")).to_have_count(3)
    expect(page.locator("[data-figures] svg")).to_have_count(3)
    check(page)
    shoot(page, "label-trained")
    page.get_by_role("link", name="See the audit").click()
    page.wait_for_url("**/app/audit?model=my_model")


def test_training_twice_on_the_same_labels_says_so(labelling):
    page = labelling("twice ted")
    for place in range(3):
        choose(page, place, ("slightly toxic", "very toxic", "not at all toxic")[place])
    all_saved(page)
    page.get_by_role("button", name="Train my model").click()
    expect(page.get_by_role("heading", name="Your model is trained")).to_be_visible()
    page.get_by_role("button", name="Train my model").click()
    expect(page.get_by_role("heading", name="Your model is up to date")).to_be_visible()
    page.get_by_role("button", name="Label more").click()
    expect(page.locator("[data-progress-words]")).to_have_text("0 of 20 comments labelled")
    page.get_by_text("Your earlier labels (3)").click()
    first = page.locator("[data-earlier-rows] .label-row").first
    first.get_by_text("moderately toxic", exact=True).click()
    expect(first).to_contain_text("Saved just now")


def test_a_reload_in_the_middle_shows_the_same_list(labelling, site):
    page = labelling("reload ray")
    texts = page.locator("[data-rows] .label-text").all_inner_texts()
    choose(page, 0, "very toxic")
    choose(page, 4, "not sure")
    choose(page, 0, "slightly toxic")
    all_saved(page)
    page.reload()
    expect(page.locator("[data-progress-words]")).to_contain_text("2 of 20")
    assert page.locator("[data-rows] .label-text").all_inner_texts() == texts
    expect(row(page, 0).locator("input[value='1']")).to_be_checked()
    expect(row(page, 4).locator("input[value='unsure']")).to_be_checked()
    assert sorted(labels_on_the_server(site, "reload ray").values(), key=str) == [1.0, None]
    # Another browser of theirs has no list in its storage, and shows what was labelled.
    page.evaluate("() => localStorage.clear()")
    page.reload()
    expect(page.locator("[data-progress-words]")).to_contain_text("2 of 20")


def test_what_fails_is_kept_shown_and_sent_later(labelling, site, watch):
    watch.allow("Failed to load resource|net::ERR")
    page = labelling("offline olga")
    choose(page, 0, "moderately toxic")
    all_saved(page)
    page.context.set_offline(True)
    choose(page, 1, "extremely toxic")
    choose(page, 2, "not at all toxic")
    choose(page, 0, "slightly toxic")
    expect(row(page, 1)).to_contain_text("Not saved yet")
    expect(page.locator("[data-progress-words]")).to_contain_text("not saved yet")
    second, third = item_of(page, 1), item_of(page, 2)
    page.context.set_offline(False)
    all_saved(page)
    stored = labels_on_the_server(site, "offline olga")
    assert stored == {item_of(page, 0): 1, second: 4, third: 0}


def test_a_restart_of_the_server_in_the_middle_loses_nothing(make_site, new_page, named, watch):
    watch.allow("Failed to load resource|net::ERR")
    with make_site() as site:
        page = new_page(site)
        named(page, "restart rita")
        page.goto("/app/label")
        choose(page, 0, "very toxic")
        all_saved(page)
        site.stop()
        choose(page, 1, "not at all toxic")
        choose(page, 2, "slightly toxic")
        expect(row(page, 1)).to_contain_text("Not saved yet")
        # The page may be closed meanwhile: the next one sends what is left.
        context = page.context
        page.close()
        site.start()
        page = context.new_page()
        page.goto("/app/label")
        expect(page.locator("[data-progress-words]")).to_have_text(
            "3 of 20 comments labelled, all saved"
        )
        assert sorted(labels_on_the_server(site, "restart rita").values()) == [0, 1, 3]


def test_two_tabs_show_each_other_s_labels(labelling, new_page, site):
    one = labelling("tabs tina")
    other = new_page(same_as=one)
    other.goto("/app/label")
    choose(one, 3, "very toxic")
    expect(row(other, 3).locator("input[value='3']")).to_be_checked()
    choose(other, 3, "not at all toxic")
    expect(row(one, 3).locator("input[value='0']")).to_be_checked()
    all_saved(one)
    assert list(labels_on_the_server(site, "tabs tina").values()) == [0]


@pytest.mark.parametrize(("answer", "kept"), [("Keep 0", 0), ("Use 4", 4)])
def test_a_choice_that_waited_does_not_win_silently(labelling, site, watch, answer, kept):
    watch.allow("Failed to load resource|net::ERR")
    user = f"stale {answer.split()[0]}"
    page = labelling(user)
    item = item_of(page, 1)
    page.context.set_offline(True)
    choose(page, 1, "extremely toxic")
    expect(row(page, 1)).to_contain_text("Not saved yet")
    send(site, "PUT", f"/v1/users/{quote(user)}/models/my_model/labels/{item}", {"rating": 0})
    page.context.set_offline(False)
    expect(row(page, 1)).to_contain_text("Meanwhile you labelled this comment elsewhere")
    assert labels_on_the_server(site, user) == {item: 0}
    row(page, 1).get_by_role("button", name=answer).click()
    all_saved(page)
    assert labels_on_the_server(site, user) == {item: kept}


def test_a_model_tuned_to_a_topic(labelling, site, check, shoot):
    page = labelling("topic tom")
    with urllib.request.urlopen(f"{site.url}/v1/topics", timeout=60) as answer:
        topic = next(one for one in json.load(answer)["topics"] if one["tunable"])["topic"]
    page.goto(f"/app/label?topic={topic}")
    dialog = page.get_by_role("dialog", name="Start another model")
    expect(dialog.get_by_label("Topic", exact=True)).to_have_value(topic)
    check(page)
    shoot(page, "label-new-topic")
    dialog.get_by_role("button", name="Start").click()
    expect(page.locator("[data-about]")).to_contain_text("Tuned to one topic")
    expect(row(page, 0)).to_be_visible()
    choose(page, 0, "very toxic")
    all_saved(page)
    assert list(labels_on_the_server(site, "topic tom", f"my_model_{topic}").values()) == [3]
    page.go_back()
    expect(page.get_by_label("Model", exact=True)).to_have_value("my_model")
    expect(page.locator("[data-progress-words]")).to_contain_text("0 of 20")


def test_a_group_model_needs_five_people(labelling, check, shoot):
    page = labelling("group gus")
    page.get_by_role("button", name="Start another model").click()
    dialog = page.get_by_role("dialog", name="Start another model")
    dialog.get_by_text("A group of people").click()
    size, start = dialog.locator("[data-size]"), dialog.get_by_role("button", name="Start")
    expect(start).to_be_disabled()
    boxes = dialog.get_by_role("checkbox")
    boxes.first.wait_for()
    # All of a list of races at once, and more besides, are few.
    for place in range(boxes.count()):
        if boxes.nth(place).get_attribute("data-column") == "race":
            boxes.nth(place).check()
    expect(size).to_contain_text("Fewer than five people")
    expect(start).to_be_disabled()
    for place in range(boxes.count()):
        boxes.nth(place).uncheck()
    dialog.get_by_label(re.compile("^Female")).check()
    expect(size).to_contain_text(re.compile(r"\d+ people of the crowd"))
    check(page)
    shoot(page, "label-new-group")
    start.click()
    expect(page.get_by_role("heading", name="Your model is trained")).to_be_visible()
    expect(page.get_by_role("region", name="How well the model knows the group")).to_be_visible()
    expect(page.locator("[data-about]")).to_contain_text("has the group's ratings")
    expect(page.locator("[data-rows]")).to_be_hidden()


def test_a_training_elsewhere_is_waited_for(make_site, new_page, named):
    with make_site(training="elsewhere") as site:
        page = new_page(site)
        named(page, "far fay")
        page.goto("/app/label")
        choose(page, 0, "very toxic")
        choose(page, 1, "not at all toxic")
        all_saved(page)
        page.get_by_role("button", name="Train my model").click()
        expect(page.locator("[data-training-words]")).to_contain_text("on another machine")
        page.reload()
        expect(page.locator("[data-training-words]")).to_contain_text("on another machine")
        other = threading.Thread(target=train_on_another_machine, args=(site, "far fay"))
        other.start()
        other.join()
        expect(page.get_by_role("heading", name="Your model is trained")).to_be_visible()
        expect(page.locator("[data-figures] svg")).to_have_count(3)


def test_nothing_is_imported(make_site, new_page, named, check, shoot, watch):
    watch.allow("status of 404.*/v1/corpus")
    with make_site(home=None) as empty:
        page = new_page(empty)
        named(page, "first")
        page.goto("/app/label")
        expect(page.get_by_role("heading", name="There are no comments yet")).to_be_visible()
        check(page)
        shoot(page, "label-empty")


def test_hostile_names_are_shown_as_they_are(page, named, site, check):
    named(page, "hostile hal")
    send(site, "POST", "/v1/users/hostile%20hal/models", {"kind": "base", "name": HOSTILE})
    page.goto(f"/app/label?model={quote(HOSTILE)}")
    expect(page.get_by_label("Model", exact=True)).to_have_value(HOSTILE)
    choose(page, 0, "very toxic")
    all_saved(page)
    assert list(labels_on_the_server(site, "hostile hal", HOSTILE).values()) == [3]
    page.get_by_role("button", name="Train my model").click()
    expect(page.get_by_role("heading", name="Your model is trained")).to_be_visible()
    check(page)


def test_first_view_for_pictures(labelling, check, shoot):
    page = labelling("first view")
    check(page)
    shoot(page, "label")
