"""Good requests for every route, made from the OpenAPI document and from what there is."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

FREE_KEY = "free-key"
"""Key of the member that an object may have beside those that the document names."""


@dataclass(frozen=True)
class Place:
    """A place of a request where a text can stand."""

    where: str
    name: str
    at: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.where} {self.name or '.'.join(map(str, self.at))}"


@dataclass
class Operation:
    """A route with one good request.

    Attributes:
        values: Good values of parameters by place and name; those of `optional` are sent only where
            they are attacked. What is no text is sent as JSON.
    """

    method: str
    path: str
    declared: dict[str, Any]
    values: dict[str, dict[str, Any]]
    optional: frozenset[str]
    media_type: str | None
    body: Any

    @classmethod
    def all_of(cls, document: dict[str, Any], known: Known) -> Iterator[Operation]:
        for path, operations in document["paths"].items():
            for method, declared in operations.items():
                label = f"{method.upper()} {path}"
                values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
                optional = set()
                for one in declared.get("parameters", ()):
                    name = one["name"]
                    if not one.get("required") and not known.has(label, name):
                        optional.add(name)
                    values[one["in"]][name] = known.good(one["schema"], name, label)
                contents = declared.get("requestBody", {}).get("content", {})
                for media_type, content in contents.items() or [(None, {})]:
                    for body in known.bodies(content.get("schema"), label):
                        yield cls(
                            method.upper(),
                            path,
                            declared,
                            values,
                            frozenset(optional),
                            media_type,
                            body,
                        )

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def places(self) -> Iterator[Place]:
        for where, values in self.values.items():
            for name, value in values.items():
                yield Place(where, name)
                if not isinstance(value, str):
                    for at in _texts_in(value):
                        yield Place(where, name, at)
        for at in _texts_in(self.body):
            yield Place("body", "", at)

    def request(self, place: Place | None = None, text: str = "") -> dict[str, Any]:
        """Return the good request, or one with a text at a place, for urllib3."""
        values = {
            where: {
                name: copy.deepcopy(value)
                for name, value in found.items()
                if name not in self.optional or (place is not None and name == place.name)
            }
            for where, found in self.values.items()
        }
        body = copy.deepcopy(self.body)
        if place is not None and place.where == "body":
            body = _with_text(body, place.at, text)
        elif place is not None:
            part = values[place.where]
            part[place.name] = _with_text(part[place.name], place.at, text)
        segments = {name: quoted(_sent(value)) for name, value in values["path"].items()}
        query = urlencode(
            {name: _sent(value) for name, value in values["query"].items()},
            errors="surrogatepass",
        )
        # Whoever answers browsers with pages is to do so.
        headers = {"Accept": "text/html, */*;q=0.5"}
        headers |= {k: _sent(v).encode("utf-8", "replace") for k, v in values["header"].items()}
        found = {"method": self.method, "url": f"{self.path.format(**segments)}?{query}"}
        if self.media_type == "application/json":
            found["body"] = json.dumps(body).encode("ascii")
        elif self.media_type:
            found["body"] = urlencode(body, errors="surrogatepass").encode("ascii")
        if self.media_type:
            headers["Content-Type"] = self.media_type
        return {**found, "headers": headers}


def quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _sent(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class Known:
    """Values by which requests come as far as possible.

    Args:
        everywhere: By the name of a parameter or member.
        of_route: By route, before those.
    """

    def __init__(self, everywhere: dict[str, Any], of_route: dict[str, dict[str, Any]]) -> None:
        self._everywhere = everywhere
        self._of_route = of_route

    def has(self, label: str, name: str) -> bool:
        return name in {**self._everywhere, **self._named(label)}

    def bodies(self, schema: dict[str, Any] | None, label: str) -> Iterator[Any]:
        """Return the examples of a body with what is known put in; one made from its schema."""
        if schema is None:
            yield None
            return
        for example in schema.get("examples", ()):
            yield {
                name: {**self._everywhere, **self._named(label)}.get(name, value)
                for name, value in example.items()
            }
        yield self.good(schema, "", label)

    def good(self, schema: dict[str, Any], name: str, label: str) -> Any:
        """Return a value of a schema, one that means something where its name is known."""
        found = {**self._everywhere, **self._named(label)}
        if name in found:
            return found[name]
        for many in ("anyOf", "oneOf"):
            if many in schema:
                return self.good(schema[many][0], name, label)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "object":
            members = schema.get("properties", {})
            made = {key: self.good(part, key, label) for key, part in members.items()}
            more = schema.get("additionalProperties", not made)
            if more:
                made[FREE_KEY] = self.good(more if isinstance(more, dict) else {}, "", label)
            return made
        if kind == "array":
            return [self.good(schema.get("items", {}), "", label)]
        return {"string": "a", "boolean": True, "null": None}.get(kind, schema.get("minimum", 1))

    def _named(self, label: str) -> dict[str, Any]:
        return {k: v for path, names in self._of_route.items() if path in label
                for k, v in names.items()}  # fmt: skip


def _texts_in(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, str):
        yield at
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _texts_in(part, (*at, place))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts_in(part, (*at, key))
        if FREE_KEY in value:
            yield (*at, None)


def _with_text(value: Any, at: tuple[Any, ...], text: str) -> Any:
    """Put a text at a place; None as the last step stands for the free key."""
    if not at:
        return text
    step, *rest = at
    if step is None:
        return {text if key == FREE_KEY else key: part for key, part in value.items()}
    value[step] = _with_text(value[step], tuple(rest), text)
    return value


def known_values(server) -> Known:
    """Return what there is on a server, a report of ann's made for it."""
    corpus = server.app.state.services.audit.corpus()
    topic = next(name for name in corpus.topics.names if not name.startswith("-1"))
    text = corpus.table.texts[0]
    constitution = server.get("/v1/constitution").json()
    guideline = constitution["guidelines"][0]["guideline_id"]
    report = {
        "title": f"Topic: {topic}", "error_type": "System is over-sensitive",
        "evidence": [{"item_id": 0}], "text_entry": "Games.", "sep_selection": "Accuracy",
    }  # fmt: skip
    made = server.post("/v1/users/ann/models/my_model/reports", report)
    assert made.status_code == 201, made.text
    version = server.get("/v1/constitutions").json()["versions"][0]["version"]
    return Known(
        {
            "user": "ann", "cur_user": "ann", "participant_id": "ann",
            "model": "my_model", "pers_model": "my_model", "model_name": "my_model",
            "base": "my_model", "topic": topic, "cluster": topic, "search_type": "cluster",
            "topic_df_ids": "0,1", "topic_vis_method": "median", "use_model": "true",
            "item_id": "0", "rating": 1.0, "ratings": {text: "3"}, "mode": "train",
            "labels": [{"item_id": 0, "rating": 1.0}],
            "guideline": guideline, "guideline_id": guideline,
            "n": 3, "limit": 5, "seed": 1,
            "report_id": made.json()["report_id"], "report_ids": [made.json()["report_id"]],
            "reports": [{**report, "complete_status": True, "note": "a"}],
            "name": "Ann", "email": "ann@example.org",
            "evidence": [{"item_id": 0}], "if-match": "*", "by": "gender",
        },
        {
            "/trainings/{version}": {"version": "0"},
            "/v1/constitutions/{version}": {"version": version},
            "/get_reports": {"topic_vis_method": "fp_fn"},
            "/api/openapi/exports": {"ratings": "True"},
            "POST /v1/ratings": {"rating": "helpful"},
        },
    )  # fmt: skip
