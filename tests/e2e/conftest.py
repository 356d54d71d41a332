"""A real browser on a real server, and what every page has to stand.

Fixtures, from the one that most tests need to those below it:

`page`        a tab on `site`, 1280 pixels wide. It fails the test on what no page of ours may do:
              a message of level error on the console, an exception that nobody caught, a breach of
              the Content-Security-Policy, a request to another server, a dialog of the browser.
              A test that provokes an answer of 4xx or 5xx says so: `watch.allow("status of 409")`.
`new_page`    makes further tabs, each in a profile of its own (`same_as=page` for one beside
              another); they are watched as well.
`site`        a server on a copy of the demo's home, for all tests of a module: `site.url`,
              `site.restart()`, `site.invite(role, subject)`. `make_site(**settings)` starts one
              for a test alone; `make_site(home=None)` one on an empty home.
`named`       lets a tab act under a name, on an installation without tokens: `named(page, "ann")`.
`shoot`       `shoot(page, "audit")` takes pictures at 360, 768 and 1280 pixels, light and dark,
              into the folder LABELAUDIT_SCREENSHOTS (else a temporary one). Look at them.
`check`       `check(page)`: no violation of WCAG 2 A and AA (axe), in light and dark, and nothing
              that is wider than a phone of 360 pixels.

The demo's home is made once for all workers by `labelaudit demo`, or taken from
LABELAUDIT_TEST_DEMO_HOME. Without a Chromium on the machine these tests are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from filelock import FileLock

from app_api import create_app
from app_api.listening import listen, shown_address
from app_api.serving import server_configuration
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, create_invitation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FOLDER = Path(__file__).parent
WIDTHS = (360, 768, 1280)
SCHEMES = ("light", "dark")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 60_000
"""Longest wait for something to appear; machines that run tests are busy."""

LISTENER = """
addEventListener("securitypolicyviolation", (event) => {
  reportToTest(`${event.violatedDirective} by ${event.blockedURI} at ${event.sourceFile}:` +
    `${event.lineNumber} on ${event.documentURI} ${event.sample}`);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here, and give it time for the demo to be made."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless. One per module: its event loop must end with it."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"needs one of {', '.join(BROWSERS)}")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        yield running
        running.close()


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `labelaudit demo` makes; copy it before you change it."""
    prepared = os.environ.get("LABELAUDIT_TEST_DEMO_HOME")
    if prepared:
        return Path(prepared)
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    home, done = folder / "demo-home", folder / "demo-home-done"
    with FileLock(f"{home}.lock"):
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            subprocess.run(
                [sys.executable, "-m", "labelaudit_dagster.cli", "demo"],
                env={**os.environ, "LABELAUDIT_HOME": str(home)},
                check=True,
                capture_output=True,
            )
            done.touch()
    return home


@dataclass(eq=False)
class Site:
    """A server that can be stopped and started again on the same port."""

    settings: Settings
    port: int = 0
    url: str = ""
    visitors: list[Any] = field(default_factory=list)
    _server: Any = None
    _thread: Any = None

    def start(self) -> None:
        listener = listen("127.0.0.1", self.port)
        self.url = shown_address(listener)
        self.port = int(self.url.rpartition(":")[2])
        self._server = uvicorn.Server(server_configuration(create_app(self.settings)))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
            self._thread.join(timeout=60)
            assert not self._thread.is_alive()
        self._server = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def database(self) -> Any:
        """Open the database beside the server; a context manager."""
        return Database.open(self.settings.resolved_database_url, busy_timeout=20)

    def invite(self, role: str, subject: str | None = None) -> str:
        """Make an invitation, which closes the installation, and return its link."""
        with self.database() as database:
            _, text = create_invitation(database, role, subject, None, datetime.now(UTC))
        return f"{self.url}/join/{text}"


@pytest.fixture(scope="module")
def make_site(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Start a server on a copy of the demo's home, another home, or None for an empty one."""

    @contextmanager
    def made(home: Path | None = demo_home, **options: Any) -> Iterator[Site]:
        folder = tmp_path_factory.mktemp("site") / "home"
        if home is None:
            folder.mkdir()
        else:
            shutil.copytree(home, folder)
        unlimited = {"rate_limit_per_minute": 0, "failure_limit_per_minute": 0}
        site = Site(Settings(home=folder, **{**unlimited, **options}))
        site.start()
        try:
            yield site
        finally:
            # A page that still asks for something would find nobody, and say so.
            for context in site.visitors:
                context.close()
            site.stop()

    return made


@pytest.fixture(scope="module")
def site(make_site: Callable[..., Any]) -> Iterator[Site]:
    """A server on a copy of the demo's home without tokens."""
    with make_site() as running:
        yield running


@pytest.fixture(scope="module")
def odd(
    make_site: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Site]]:
    """Give a server on one of the homes of odd_homes.py, by its kind."""
    maker, root = FOLDER / "odd_homes.py", FOLDER.parents[1]
    with ExitStack() as stack:

        @cache
        def started(kind: str) -> Site:
            home = tmp_path_factory.mktemp("odd") / "home"
            environment = {**os.environ, "PYTHONPATH": str(root)}
            subprocess.run([sys.executable, maker, kind, home], env=environment, check=True)
            site: Site = stack.enter_context(make_site(home=home))
            return site

        yield started


@dataclass(eq=False)
class Watch:
    """What went wrong in the tabs of a test."""

    faults: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Expect faults that match a regular expression."""
        self.allowed.append(pattern)

    def follow(self, context: BrowserContext, origins: Callable[[], set[str]]) -> None:
        def console(message: Any) -> None:
            if message.type == "error":
                self.faults.append(f"console: {message.text} ({message.location.get('url')})")

        def request(asked: Any) -> None:
            parts = urlsplit(asked.url)
            if parts.scheme not in ("data", "blob") and parts.netloc not in origins():
                self.faults.append(f"request to another server: {asked.url}")

        def dialog(shown: Any) -> None:
            self.faults.append(f"dialog: {shown.message}")
            shown.dismiss()

        context.on("console", console)
        context.on("weberror", lambda error: self.faults.append(f"uncaught: {error.error}"))
        context.on("request", request)
        context.on("dialog", dialog)
        context.expose_binding(
            "reportToTest", lambda _, text: self.faults.append(f"policy: {text}")
        )
        context.add_init_script(LISTENER)

    def unexpected(self) -> list[str]:
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self.allowed)
        ]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Collects faults of all tabs; the test fails at its end if there are any."""
    watching = Watch()
    yield watching
    assert watching.unexpected() == []


@pytest.fixture
def new_page(browser: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Open tabs that are watched; options are those of Playwright's `new_context`."""
    contexts: list[Any] = []
    servers: set[str] = set()
    sites: list[Site] = []

    def opened(at: Site | None = None, *, same_as: Page | None = None, **options: Any) -> Page:
        if at is not None:
            servers.add(urlsplit(at.url).netloc)
            sites.append(at)
        if same_as is not None:
            context = same_as.context
        else:
            options = {"viewport": {"width": 1280, "height": 800}, **options}
            context = browser.new_context(base_url=at.url if at else None, **options)
            context.set_default_timeout(WAIT_MS)
            watch.follow(context, lambda: servers)
            contexts.append(context)
            if at is not None:
                at.visitors.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
        for visited in sites:
            if context in visited.visitors:
                visited.visitors.remove(context)


@pytest.fixture
def page(new_page: Callable[..., Page], site: Site) -> Page:
    """A tab on `site`; addresses are relative to it."""
    return new_page(site)


@pytest.fixture
def named() -> Callable[[Page, str], None]:
    """Let a tab act under a name."""

    def choose(page: Page, name: str) -> None:
        page.goto("/app/name")
        page.get_by_label("Your name here").fill(name)
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url("**/app")

    return choose


def settled(page: Page) -> None:
    """Wait until nothing is loading."""
    page.wait_for_load_state("networkidle")
    # A function: what is given as an expression is evaluated, which the pages' policy forbids.
    page.wait_for_function(
        """() => [...document.querySelectorAll("[aria-busy=true], .loading")].every(
          (one) => !one.checkVisibility())"""
    )
    # Colours on their way from light to dark are not those of the page.
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")


def wider_than_the_screen(page: Page) -> list[str]:
    """Return what makes a page scroll sideways."""
    return page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          return [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > width + 1)
            .slice(0, 10)
            .map((one) => one.outerHTML.slice(0, 160));
        }"""
    )


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page, str], None]:
    """Take pictures of a page at all widths, light and dark, and leave the tab as it was."""
    folder = Path(os.environ.get("LABELAUDIT_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def taken(page: Page, name: str) -> None:
        before = page.viewport_size
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            for scheme in SCHEMES:
                page.emulate_media(reduced_motion="reduce")
                page.emulate_media(color_scheme=scheme)
                settled(page)
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
            assert wider_than_the_screen(page) == [], width
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(before)

    return taken


@pytest.fixture
def check() -> Callable[[Page], None]:
    """Hold a page to WCAG 2 A and AA in light and dark, and to the width of a phone."""
    from axe_playwright_python.base import AXE_SCRIPT

    options = {
        "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
        "resultTypes": ["violations"],
    }

    def checked(page: Page) -> None:
        before = page.viewport_size
        for scheme in SCHEMES:
            page.emulate_media(reduced_motion="reduce")
            page.emulate_media(color_scheme=scheme)
            settled(page)
            # Through the debugger, so that the page's policy stays as it is.
            page.evaluate(AXE_SCRIPT)
            found = page.evaluate("options => axe.run(document, options)", options)
            violations = [
                f"{scheme}: {rule['id']}: {node['html'][:200]} {node['failureSummary']}"
                for rule in found["violations"]
                for node in rule["nodes"]
            ]
            assert violations == []
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size({"width": 360, "height": 740})
        settled(page)
        assert wider_than_the_screen(page) == []
        page.set_viewport_size(before)

    return checked
