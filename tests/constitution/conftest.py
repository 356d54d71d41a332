"""A community of six guidelines, small enough to decide by hand, one for each way to end."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ItemEstimates,
    constitution_document,
    decide_constitution,
)

TEXTS = {
    "a": "Tell the truth.",
    "b": "Exactly on the threshold.",
    "c": "Loved by four.",
    "d": "Too close to call.",
    "e": "Rated by nobody.",
    "f": "Splits the room.",
}
SOLVER = {
    "method": "exact",
    "status": "converged",
    "loss": 0.125,
    "kkt": 1e-7,
    "sweeps": 120,
    "seconds": 0.02,
}


def hand_guidelines():
    return pd.DataFrame({"guideline_id": list(TEXTS), "text": list(TEXTS.values())})


def hand_estimates():
    return ItemEstimates.from_arrays(
        ["a", "b", "c", "d", "f"],
        n_ratings=[10, 5, 4, 8, 6],
        n_helpful=[9, 4, 4, 8, 3],
        intercepts=[0.5, 0.375, 0.625, 0.375 + 2**-22, 0.5],
        factors=[0.25, 0.0, 0.0, -0.5, 1.5],
        numerical_error=[0.0, 0.0, 0.0, 1e-6, 0.0],
    )


def build_document(decisions, *, rule=None, version="v1", solver=None, n_raters=12):
    return constitution_document(
        decisions,
        rule=rule or AcceptanceRule(),
        solver={**SOLVER, **(solver or {})},
        parameters={"lambda_intercept": 0.15, "lambda_factor": 0.03, "ndim": 1},
        n_raters=n_raters,
        version=version,
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        provenance={"sha256": "0" * 64},
        mu=0.75,
    )


def build_simple(rows, *, rule=None, version="v1", solver=None):
    """Return a document of rows (id, n_ratings, n_helpful, intercept[, text])."""
    rated = [row for row in rows if row[1]]
    decisions = decide_constitution(
        pd.DataFrame(
            {
                "guideline_id": pd.Series([row[0] for row in rows], dtype=object),
                "text": pd.Series(
                    [row[4] if len(row) > 4 else f"text of {row[0]}" for row in rows],
                    dtype=object,
                ),
            }
        ),
        ItemEstimates.from_arrays(
            [row[0] for row in rated],
            n_ratings=[row[1] for row in rated],
            n_helpful=[row[2] for row in rated],
            intercepts=[row[3] for row in rated],
            factors=[0.0 for row in rated],
        ),
        rule or AcceptanceRule(),
    )
    return build_document(decisions, rule=rule, version=version, solver=solver)


@pytest.fixture
def make_document():
    return build_simple


@pytest.fixture
def wrap_document():
    return build_document


@pytest.fixture
def guidelines():
    return hand_guidelines()


@pytest.fixture
def estimates():
    return hand_estimates()


@pytest.fixture
def decisions(guidelines, estimates):
    return decide_constitution(guidelines, estimates, AcceptanceRule())


@pytest.fixture
def document(decisions):
    return build_document(decisions)


@pytest.fixture(scope="session")
def make_document_static():
    """The same as `make_document`, for tests whose examples share one fixture."""
    return build_simple
