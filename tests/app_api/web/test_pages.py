"""Pages without a browser: rights, headers, names, files, and what goes wrong."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import requests

from app_api.access import ACCESS, PAGES
from app_api.web.pages.name import safe_target, suggested_name
from app_api.web.rendering import PAGE_POLICY
from app_api.web.web_files import WebFiles
from labelaudit_dagster.store import PERSONAL_ROLES, ROLES, create_invitation

HTML = {"Accept": "text/html,*/*;q=0.8"}
FILES = {"GET /app/static/{digest}/{path:path}", "GET /app/vega/{key}/vega.js"}
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "web-app.md"


def shown(server, path, **headers):
    return requests.get(
        server.url + path, headers={**HTML, **headers}, timeout=30, allow_redirects=False
    )


def signed_in(server, role):
    subject = "ann" if role in PERSONAL_ROLES else None
    now = server.app.state.services.now()
    _, text = create_invitation(server.database, role, subject, None, now)
    answer = server.post("/v1/session", {"invitation": text})
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


def pages():
    """Return paths of pages that need no further id."""
    return sorted(
        route.removeprefix("GET ")
        for route in PAGES
        if route.startswith("GET ") and "{" not in route
    )


def test_pages_and_api_are_told_apart():
    assert not set(PAGES) & set(ACCESS)
    assert all(route.split(" ")[1].startswith("/app") for route in PAGES)


def test_every_page_is_on_the_page_about_them():
    rows = set(re.findall(r"^\| `(/app[^`]*)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    assert rows == {
        route.removeprefix("GET ")
        for route in PAGES
        if route.startswith("GET ") and route not in FILES and route != "GET /app/"
    }


def test_every_role_on_every_page(make_server):
    with make_server() as server:
        cookies = {role: signed_in(server, role) for role in ROLES}
        for path in pages():
            allowed = PAGES[f"GET {path}"]
            for role in [None, *ROLES]:
                answer = shown(server, path, **(cookies[role] if role else {}))
                if answer.status_code not in (303, 308):
                    assert answer.headers["Content-Type"].startswith("text/html"), path
                if allowed is None or role in allowed:
                    assert answer.status_code in (200, 303, 308), (path, role)
                else:
                    assert answer.status_code == (403 if role else 401), (path, role)
                    # A program is told in its own way.
                    program = requests.get(
                        server.url + path, headers=cookies[role] if role else {}, timeout=30
                    )
                    assert program.headers["Content-Type"] == "application/problem+json"


def test_headers_of_pages(shared_server):
    answer = shown(shared_server, "/app")
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    # Nothing inline, nothing from elsewhere.
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", answer.text) == []
    assert re.findall(r'(?:src|href)="(?!/|#)', answer.text) == []


@pytest.mark.parametrize("path", ["/app/nowhere", "/app/name/x", "/app/x/../y"])
def test_unknown_pages(shared_server, path):
    answer = shown(shared_server, path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert shared_server.get(path).headers["Content-Type"] == "application/problem+json"


def test_without_tokens_strangers_are_told_what_to_do(shared_server):
    answer = shown(shared_server, "/app/name", Host="rebound.example")
    assert answer.status_code == 401
    assert "invitation link" in answer.text
    assert shown(shared_server, "/app", Host="rebound.example").status_code == 200


def test_a_defect_becomes_a_page_with_its_number(make_server, monkeypatch):
    with make_server() as server:
        monkeypatch.setattr("app_api.web.pages.home.render_page", lambda *_, **__: 1 / 0)
        answer = shown(server, "/app")
        assert answer.status_code == 500
        assert answer.headers["X-Request-Id"] in answer.text
        assert "Something went wrong on our side" in answer.text
        monkeypatch.setattr("app_api.request_frame.error_page", lambda *_: 1 / 0)
        answer = shown(server, "/app")
        assert answer.status_code == 500
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_database_that_fails_becomes_a_page(make_server):
    with make_server() as server:
        assert shown(server, "/app").status_code == 200
        server.database.close()
        (server.settings.home / "labelaudit.db").write_bytes(b"no database, and long enough" * 99)
        answer = shown(server, "/app/name")
        assert answer.status_code == 503
        assert "What you saved before is kept" in answer.text


def test_a_chosen_name_is_kept_by_the_browser_alone(server):
    browser = requests.Session()
    answer = browser.post(f"{server.url}/app/name", json={"name": "  Änne \U0001f480 "}, timeout=20)
    assert answer.status_code == 204
    (cookie,) = browser.cookies
    assert cookie.path == "/app"
    assert "httponly" in answer.headers["Set-Cookie"].lower()
    page = browser.get(f"{server.url}/app", headers=HTML, timeout=20)
    assert "<bdi>Änne \U0001f480</bdi>" in page.text


@pytest.mark.parametrize("name", ["", " ", "\t\n", "x" * 101, "\ud800", 3, None])
def test_names_that_cannot_be_used(shared_server, name):
    answer = shared_server.post("/app/name", {"name": name})
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers


def test_other_pages_choose_no_name_for_anybody(shared_server):
    answer = shared_server.post(
        "/app/name", {"name": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_whoever_belongs_to_somebody_chooses_no_name(make_server):
    with make_server() as server:
        cookies = {role: signed_in(server, role) for role in ROLES}
        for role in PERSONAL_ROLES:
            port = server.url.rpartition(":")[2]
            cookie = f"{cookies[role]['Cookie']}; labelaudit-name-{port}=bob"
            page = shown(server, "/app", Cookie=cookie)
            assert "<bdi>ann</bdi>" in page.text
            assert "bob" not in page.text


def test_planted_names_are_escaped_or_ignored(shared_server):
    port = shared_server.url.rpartition(":")[2]
    for value, seen in (
        ("%3Cscript%3Ealert(1)%3C%2Fscript%3E", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("%ff", None),
        ("a" * 3000, None),
    ):
        page = shown(shared_server, "/app", Cookie=f"labelaudit-name-{port}={value}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert seen is None or seen in page.text
        assert (seen is None) == ("<bdi>" not in page.text)


def test_suggested_names_are_new(monkeypatch):
    assert re.fullmatch(r"[a-z]+-[a-z]+", suggested_name([]))
    monkeypatch.setattr("coolname.generate_slug", lambda _: "brave-lion")
    assert re.fullmatch(r"brave-lion-\d+", suggested_name(["brave-lion"]))


@pytest.mark.parametrize(
    "target",
    ["https://e.example", "//e.example", "/v1/me", "/application", "/app\\..\\x", "/app/\n", ""],
)
def test_nobody_is_sent_elsewhere(target):
    assert safe_target(target) == "/app"
    assert safe_target("/app/label?model=my_model") == "/app/label?model=my_model"


def test_files_are_kept_for_good_and_packed(shared_server):
    page = shown(shared_server, "/app").text
    for path in re.findall(r'"(/app/(?:static|vega)/[^"]+)"', page):
        for coding, packed in (("gzip, br", True), ("identity", False)):
            answer = requests.get(
                shared_server.url + path,
                headers={"Accept-Encoding": coding},
                timeout=60,
                stream=True,
            )
            assert answer.status_code == 200, path
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert (answer.headers.get("Content-Encoding") == "gzip") == packed
            raw = answer.raw.read()
            assert len(gzip.decompress(raw) if packed else raw) > 100
        other = re.sub(r"/[0-9a-f]{16}/", "/0123456789abcdef/", path)
        assert shared_server.get(other).status_code == 404
    for path in ("css/../__init__.py", "%2e%2e/rendering.py", "css", ""):
        digest = shared_server.app.state.services.web.digest
        assert shared_server.get(f"/app/static/{digest}/{path}").status_code == 404


def test_the_bundle_is_made_once_and_survives_a_bad_cache(tmp_path, monkeypatch):
    made = []

    def bundle(snippet):
        made.append(snippet)
        return "export const vega = 1;"

    monkeypatch.setattr("vl_convert.javascript_bundle", bundle)
    first = WebFiles(tmp_path).vega()
    assert WebFiles(tmp_path).vega() == first
    assert len(made) == 1
    (kept,) = (tmp_path / "web").iterdir()
    kept.write_bytes(b"half")
    assert WebFiles(tmp_path).vega() == first
    assert len(made) == 2
    # Where it cannot be kept it is made anew.
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert WebFiles(blocked).vega() == first
    assert list((tmp_path / "web").iterdir()) == [kept]
