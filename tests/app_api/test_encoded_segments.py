"""Ids in paths: every text is one segment, and comes back as it was."""

from __future__ import annotations

import http.client
import json
from urllib.parse import quote

import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Match

from app_api.encoded_segments import EncodedSegmentRoute, path_of

router = APIRouter(prefix="/v1", route_class=EncodedSegmentRoute)


@router.get("/users/{user}/models/{model}")
def endpoint(user: str, model: str) -> None:
    """Do nothing."""


def matched(path: str) -> dict[str, str] | None:
    """Return the path parameters of a request, as a server hands it over."""
    raw = path.encode("ascii")
    from urllib.parse import unquote

    scope = {"type": "http", "method": "GET", "path": unquote(path), "raw_path": raw}
    (route,) = router.routes
    match, child = route.matches(scope)
    return child["path_params"] if match is Match.FULL else None


@settings(max_examples=200)
@given(
    user=st.text(st.characters(exclude_categories=("Cs",)), min_size=1),
    model=st.text(st.characters(exclude_categories=("Cs",)), min_size=1),
)
def test_any_two_ids_come_back(user, model):
    found = matched(path_of("v1", "users", user, "models", model))
    assert found == {"user": user, "model": model}


@pytest.mark.parametrize("user", ["a/b", "/", "//", "a%2Fb", "%", "..", "a/models/b", "\x00", "😀"])
def test_slashes_and_their_like(user):
    assert matched(f"/v1/users/{quote(user, safe='')}/models/m") == {"user": user, "model": "m"}
    assert matched(f"/v1/users/{quote(user, safe='').lower()}/models/m") is not None


def test_a_slash_that_is_none_still_separates():
    assert matched("/v1/users/a/b/models/m") is None
    assert matched("/v1/users/a/models%2Fm") is None


def test_other_routes_see_the_path_as_before():
    app = FastAPI()
    app.include_router(router)
    assert [route.path for route in router.routes] == ["/v1/users/{user}/models/{model}"]
    assert list(app.openapi()["paths"]) == ["/v1/users/{user}/models/{model}"]


def test_a_server_hands_such_ids_through(server):
    port = int(server.url.rpartition(":")[2])
    for user in ("a/b", "\x00", "😀", "a?b#c", "<script>", "\r\nX: y", "..", "%2F"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", path_of("v1", "users", user, "models"))
        answer = connection.getresponse()
        assert answer.status == 200, user
        assert json.loads(answer.read()) == {"user": user, "models": []}
        connection.close()
