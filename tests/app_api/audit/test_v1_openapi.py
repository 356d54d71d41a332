"""The OpenAPI document of the audit routes: valid, told in words, with examples that hold."""

from __future__ import annotations

import jsonschema
import openapi_spec_validator
import pytest

from app_api.routers.audit import AUDIT_ROUTERS
from app_api.routers.audit.documents import Document

PATHS = sorted({route.path for router in AUDIT_ROUTERS for route in router.routes})


@pytest.fixture(scope="module")
def document(shared_server):
    return shared_server.get("/openapi.json").json()


def documents(kind=Document):
    for sub in kind.__subclasses__():
        yield sub
        yield from documents(sub)


def test_it_is_a_valid_openapi_document(document):
    openapi_spec_validator.validate(document)


@pytest.mark.parametrize("path", PATHS)
def test_every_operation_and_parameter_is_explained(document, path):
    for method, operation in document["paths"][path].items():
        assert len(operation["summary"]) > 10, method
        assert len(operation["description"]) > 30, method
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), f"{method} {parameter['name']}"
        success = [status for status in operation["responses"] if status.startswith("2")]
        assert success
        for status in success:
            content = operation["responses"][status]["content"]
            assert content["application/json"]["schema"], f"{method} {status}"
        if method == "get":
            assert "304" in operation["responses"]


def test_operation_ids_are_distinct(document):
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(set(ids)) == len(ids)


def test_every_example_holds(document):
    found = 0
    for kind in documents():
        schema = document["components"]["schemas"].get(kind.__name__, {})
        for example in schema.get("examples", []):
            kind.model_validate(example)
            assert set(example) == set(kind.model_fields), kind
            found += 1
    assert found >= 15


def test_examples_of_bodies_hold(document):
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for path in PATHS
        for operation in document["paths"][path].values()
        if "requestBody" in operation
    ]
    assert len(bodies) == 3
    for schema in bodies:
        assert schema["examples"]
        assert "$ref" not in str(schema)
        for example in schema["examples"]:
            jsonschema.validate(example, schema, jsonschema.Draft202012Validator)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"unheard": "of"}, schema, jsonschema.Draft202012Validator)
