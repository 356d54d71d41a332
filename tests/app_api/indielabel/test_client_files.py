"""The web client's folder at `/`: files and nothing but files, and routes before them."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from app_api import create_app
from labelaudit_dagster.settings import Settings, SettingsError

PAGE = "<!DOCTYPE html><title>A client</title>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("client")
    public = root / "public"
    (public / "build").mkdir(parents=True)
    (public / "img").mkdir()
    (public / "index.html").write_text(PAGE)
    (public / "build" / "bundle.js").write_text("let it = 1;")
    (public / "build" / "bundle.css").write_text("p{}")
    (public / "logo.png").write_bytes(b"\x89PNG")
    (public / "img" / "ä b.png").write_bytes(b"\x89PNG")
    # Routes of ours have these names.
    (public / "audit_settings").write_text("not this")
    (public / "docs").write_text("not this")
    (public / ".env").write_text("KEY=secret")
    (public / ".git").mkdir()
    (public / ".git" / "config").write_text("secret")
    (root / "secret.txt").write_text("secret")
    (public / "leak.txt").symlink_to(root / "secret.txt")
    (public / "leaks").symlink_to(root)
    (public / "same.js").symlink_to(public / "build" / "bundle.js")
    return public


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory, start_empty):
    with start_empty(tmp_path_factory.mktemp("served") / "home", client_dir=folder) as running:
        yield running


def asked(server, target, method="GET", headers=None):
    """Send a target as it stands; other clients would tidy it up."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.putrequest(method, target)
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.mark.parametrize(
    ("target", "content", "media_type"),
    [
        ("/", PAGE.encode(), "text/html; charset=utf-8"),
        ("/?user=ann&tab=auditing&mode=explore", PAGE.encode(), "text/html; charset=utf-8"),
        ("/index.html", PAGE.encode(), "text/html; charset=utf-8"),
        ("/build/bundle.js", b"let it = 1;", "text/javascript; charset=utf-8"),
        ("/build/bundle.js?v=2", b"let it = 1;", "text/javascript; charset=utf-8"),
        ("/build/bundle.css", b"p{}", "text/css; charset=utf-8"),
        ("/logo.png", b"\x89PNG", "image/png"),
        ("/img/%C3%A4%20b.png", b"\x89PNG", "image/png"),
        ("/same.js", b"let it = 1;", "text/javascript; charset=utf-8"),
    ],
)
def test_files_are_served(server, target, content, media_type):
    answer, body = asked(server, target)
    assert (answer.status, body) == (200, content)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert asked(server, target, "HEAD")[0].status == 200
    tag = {"If-None-Match": answer.headers["ETag"]}
    held, nothing = asked(server, target, headers=tag)
    assert (held.status, nothing) == (304, b"")


@pytest.mark.parametrize(
    "target",
    [
        "/nothing.js",
        "/build",
        "/build/",
        "/img//x",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/build/../../secret.txt",
        "/build/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/%2Fetc/passwd",
        "/%2fetc%2fpasswd",
        "/leak.txt",
        "/leaks/secret.txt",
        "/.env",
        "/.git/config",
        "/%2eenv",
        "/index.html%00.js",
        "/index.html%0a",
        "/index.html/",
        "/" + "x" * 5000,
        "/%ff%fe",
        "/C:%5cwindows%5cwin.ini",
        "/~root",
    ],
)
def test_nothing_else_is_served(server, target):
    answer, body = asked(server, target)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"secret" not in body
    assert b"root:" not in body


def test_routes_win_over_files(server):
    for target in ("/audit_settings", "/docs", "/healthz", "/openapi.json"):
        assert b"not this" not in asked(server, target)[1]
    # Of an empty home: the route's own problem.
    assert b"no-corpus" in asked(server, "/audit_settings")[1]


def test_files_can_only_be_got_and_wrong_methods_stay_wrong(server):
    for method in ("POST", "PUT", "DELETE"):
        assert asked(server, "/index.html", method, {"Content-Length": "0"})[0].status == 404
    answer, _ = asked(server, "/v1/ratings")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_without_a_folder_the_root_leads_to_the_web_app(start_empty, tmp_path):
    with start_empty(tmp_path / "home") as server:
        answer, _ = asked(server, "/")
        assert (answer.status, answer.headers["Location"]) == (307, "/app")
        assert asked(server, "/index.html")[0].status == 404


def test_a_folder_without_a_page_is_named_at_the_start(tmp_path):
    settings = Settings(home=tmp_path / "home", client_dir=tmp_path / "nothing")
    with pytest.raises(SettingsError, match="LABELAUDIT_CLIENT_DIR"):
        create_app(settings)
