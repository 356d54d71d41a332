"""Every route of the OpenAPI document against requests that schemathesis makes from it.

`LABELAUDIT_FUZZ_EXAMPLES` (3) is how many requests of each kind each route gets: such as the
document allows, and others; by an operator, and by a person with a token; with names
that exist here, and with invented ones. A large number is for a night.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = int(os.environ.get("LABELAUDIT_FUZZ_EXAMPLES", "3"))
SEED = 20260301
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What changes something comes after what reads it, and what removes it last.
METHODS = ("get", "put", "post", "patch", "delete")


def known_names(server, headers: dict[str, str]) -> dict[str, Any]:
    """Return values of parameters that mean something on this server."""
    corpus = server.app.state.services.audit.corpus()
    topic = next(name for name in corpus.topics.names if not name.startswith("-1"))
    item, text = int(corpus.table.item_ids[0]), corpus.table.texts[0]
    guidelines = requests.get(f"{server.url}/v1/constitution", headers=headers, timeout=20).json()[
        "guidelines"
    ]
    return {
        "user": "ann", "cur_user": "ann", "user_id": "ann", "participant_id": "ann",
        "model": "my_model", "pers_model": "my_model", "model_name": "my_model",
        "version": 0, "from": 0, "to": 0,
        "topic": topic, "cluster": topic,
        "keyword": text.split()[0],
        "item": item, "item_id": item, "topic_df_ids": str(item),
        "labels": [{"item_id": item, "rating": 1.0}], "ratings": f'{{"{text}": "3"}}',
        "guideline": guidelines[0]["guideline_id"], "guideline_id": guidelines[0]["guideline_id"],
        "mode": "train", "search_type": "cluster", "n": 3, "limit": 5,
    }  # fmt: skip


def name_known(case: Case, known: dict[str, Any]) -> None:
    """Let a request be about what there is, as far as it names it."""
    for container in (case.path_parameters, case.query, case.body):
        if isinstance(container, dict):
            for name in container.keys() & known.keys():
                container[name] = known[name]


def references_in(part: Any) -> Iterator[str]:
    """Return every reference of a document or a part of it."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from references_in(value)


def test_every_reference_of_the_document_leads_somewhere(shared_server):
    document = shared_server.get("/openapi.json").json()
    references = set(references_in(document))
    assert references
    for reference in references:
        part = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


@pytest.mark.parametrize("who", ["an operator", "a person"])
def test_no_request_meets_a_defect_and_every_answer_is_as_documented(
    make_audited_server, subtests, who
):
    with make_audited_server() as server:
        # A request of this machine could make the first token, and all others were refused then.
        headers = {"Authorization": f"Bearer {server.token('operator')}"}
        modes = tuple(GenerationMode)
        if who == "a person":
            headers = {"Authorization": f"Bearer {server.token('auditor')}"}
            modes = (GenerationMode.POSITIVE,)
        fuzz_server(server, headers, modes, subtests)


def fuzz_server(server, headers, modes, subtests) -> None:
    """Send requests to every route of a server."""
    document = server.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig(seed=SEED))
    known = known_names(server, headers)
    operations = [found.ok() for found in schema.get_all_operations()]
    operations.sort(key=lambda one: (METHODS.index(one.method.lower()), one.path))
    assert len(operations) == sum(len(path) for path in document["paths"].values())
    statuses: dict[str, set[int]] = {}
    with requests.Session() as session:
        session.trust_env = False
        for operation in operations:
            answered = statuses.setdefault(operation.label, set())
            for mode in modes:
                with subtests.test(operation=operation.label, mode=mode.value):
                    fuzz(operation, mode, known, session, server.url, headers, answered)
                    assert answered or mode is GenerationMode.NEGATIVE
    assert server.get("/healthz").status_code == 200
    # Who asks is known everywhere, and something is read: requests are not refused at the door.
    assert all(401 not in answered for answered in statuses.values())
    assert len([label for label, answered in statuses.items() if 200 in answered]) >= 5


def fuzz(operation, mode, known, session, url, headers, answered) -> None:
    """Send requests to one route and judge each answer."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def attack(case: Case, is_known: bool) -> None:
        if is_known:
            name_known(case, known)
        response = case.call(
            base_url=url, session=session, headers=headers, timeout=60, allow_redirects=False
        )
        answered.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    # Where there are no parameters, or texts alone, there is nothing that could be wrong.
    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
        attack()
