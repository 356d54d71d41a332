"""A real Chromium that measures itself: what a page shows when, and what moves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

WATCH = """
(() => {
  const bench = (window.bench = { painted: {}, shift: 0, clicked: null });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) bench.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  addEventListener("click", (event) => (bench.clicked = event.timeStamp), true);
  // After the frame that holds it: the callback of a frame runs before its paint, a task after it.
  bench.when = (test) => new Promise((resolve) => {
    const look = () => requestAnimationFrame(() =>
      test() ? setTimeout(() => resolve(performance.now())) : look());
    look();
  });
  bench.watch = (name, selector) =>
    bench.when(() => document.querySelector(selector)?.checkVisibility())
      .then((at) => (bench.painted[name] = at));
})();
"""

RESULTS = """async ([expected]) => {
  const title = () => document.querySelector("[data-results-title]");
  const table = await bench.when(() => title().textContent === expected && title().checkVisibility()
    && document.querySelector(".results tbody tr"));
  const chart = await bench.when(() => document.querySelector("[data-results-chart] svg")
    && document.querySelector("[data-results-chart] [role=img]").getAttribute("aria-label")
      .includes(expected));
  return [table - bench.clicked, chart - bench.clicked];
}"""

SAVED = """async ([place]) => {
  const row = document.querySelectorAll("[data-rows] .label-row")[place];
  return (await bench.when(() => row.dataset.phase === "saved")) - bench.clicked;
}"""


@dataclass(frozen=True)
class View:
    """A page and what makes its first view whole.

    Attributes:
        path: Of the page.
        shown: Selectors by what is measured.
    """

    path: str
    shown: dict[str, str]


@contextmanager
def running() -> Iterator[Browser]:
    """Run a browser without a window.

    Raises:
        SystemExit: There is none on this machine.
    """
    from playwright.sync_api import sync_playwright

    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit(f"This benchmark needs one of {', '.join(BROWSERS)}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        yield browser
        browser.close()


@contextmanager
def tab(browser: Browser, url: str, user: str) -> Iterator[Page]:
    """Open a tab in a profile of its own, which acts under a name."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto("/app/name")
    page.get_by_label("Your name here").fill(user)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/app")
    page.add_init_script(WATCH)
    yield page
    context.close()


def first_view(page: Page, view: View) -> tuple[dict[str, float], float]:
    """Go to a page. Return milliseconds until each part was painted, and the layout shift."""
    page.goto(view.path, wait_until="commit")
    for name, selector in view.shown.items():
        page.evaluate("([name, selector]) => void bench.watch(name, selector)", [name, selector])
    page.wait_for_function(
        "(n) => Object.keys(bench.painted).length === n", arg=len(view.shown), polling=50
    )
    page.wait_for_load_state("networkidle")
    found: dict[str, Any] = page.evaluate("() => bench")
    return found["painted"], found["shift"]


def click_on_topic(page: Page, place: int) -> tuple[float, float]:
    """Click on a topic of the table, and go back.

    Returns:
        Milliseconds from the click until its comments and until its chart were painted.
    """
    link = page.locator(".topics tbody a").nth(place)
    words = link.inner_text()
    link.click()
    table, chart = page.evaluate(RESULTS, [words])
    page.go_back()
    page.locator(".topics").wait_for()
    page.wait_for_load_state("networkidle")
    return table, chart


def click_on_level(page: Page, place: int) -> float:
    """Label a comment; return milliseconds until the page says that the server has it."""
    row = page.locator("[data-rows] .label-row").nth(place)
    row.locator(".level").nth(place % 5).click()
    found: float = page.evaluate(SAVED, [place])
    return found
