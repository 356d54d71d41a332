"""Health, documentation and the current constitution."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from app_api.access import ACCESS
from app_api.problems import KINDS

REPOSITORY = Path(__file__).parents[2]


def test_health(server):
    assert server.get("/healthz").json() == {"status": "alive"}
    assert server.get("/readyz").json() == {"status": "ready"}


def test_not_ready_while_the_database_has_another_schema(server):
    with server.database.write() as connection:
        connection.exec_driver_sql("UPDATE labelaudit_schema SET version_num = '9999'")
    answer = server.get("/readyz")
    assert answer.status_code == 503
    assert [error["field"] for error in answer.json()["errors"]] == ["database"]
    assert server.get("/healthz").status_code == 200


def test_not_ready_while_the_artifacts_cannot_be_read(server):
    folder = Path(server.settings.resolved_artifacts_url) / "constitution"
    folder.mkdir(parents=True)
    (folder / "current.json").write_text("{")
    answer = server.get("/readyz")
    assert answer.status_code == 503
    assert [error["field"] for error in answer.json()["errors"]] == ["artifacts"]
    assert str(server.settings.home) not in answer.text


def test_not_ready_once_the_database_is_closed_for_good(server):
    server.database.close()
    Path(server.settings.home / "labelaudit.db").write_bytes(b"not a database, and long enough" * 9)
    assert server.get("/readyz").status_code == 503
    assert server.export().status_code == 503


def test_the_root_leads_to_the_web_app(shared_server):
    answer = requests.get(shared_server.url, timeout=20)
    assert answer.url == f"{shared_server.url}/app"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_documentation_is_one_page_without_scripts(shared_server):
    answer = shared_server.get("/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for route in ACCESS:
        assert f"<code>{route}</code>" in answer.text
    # It works on a closed network and runs nothing.
    assert "<script" not in answer.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_the_openapi_document_tells_roles_and_problems(shared_server):
    document = shared_server.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            allowed = ACCESS[f"{method.upper()} {path}"]
            roles = sorted(allowed or ())
            assert operation["security"] == (
                [] if allowed is None else [{"token": roles}, {"session": roles}]
            )
            assert "422" not in operation["responses"]
            forms = set(operation["responses"]["default"]["content"])
            # Signing in shows browsers a page; everything else answers with the document alone.
            pages = {"text/html"} if path in ("/join/{invitation}", "/v1/session") else set()
            assert "application/problem+json" in forms <= {"application/problem+json", *pages}
            assert operation["summary"]
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', shared_server.get("/openapi.json").text))
    assert refs <= set(document["components"]["schemas"])


def test_the_page_on_the_api_tells_every_route_role_and_problem():
    page = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
    for route, allowed in ACCESS.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{route}` |")]
        who = row.split("|")[2].strip()
        if allowed is None:
            assert who == "everybody", route
        elif len(allowed) == 5:
            assert who == "every role", route
        else:
            assert set(who.split(", ")) == set(allowed), route
    listed = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", page, re.MULTILINE))
    assert listed == set(ACCESS)
    for kind, (status, _) in KINDS.items():
        assert f"| `{kind}` | {status} |" in page
