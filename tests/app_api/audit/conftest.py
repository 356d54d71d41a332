"""A server with two people's audits, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

ANN = "/v1/users/ann/models/my_model"


@pytest.fixture(scope="module")
def api(make_audited_server) -> Iterator[Any]:
    """A server without tokens; a module's tests come in order and may build on each other."""
    with make_audited_server() as server:
        yield server


@pytest.fixture
def ann() -> str:
    """Path of ann's model."""
    return ANN
