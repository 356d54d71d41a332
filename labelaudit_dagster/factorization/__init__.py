"""Bridging matrix factorization: one optimum, the same for everybody, with its uncertainty.

Ratings are modelled as mu + b_u + c_g + x_u . y_g (`objective` writes the objective out). Importing
this package loads NumPy only; JAX is loaded by the first call that solves something.
"""

from __future__ import annotations

from labelaudit_dagster.factorization.errors import FactorizationError
from labelaudit_dagster.factorization.instability import Instability, instability
from labelaudit_dagster.factorization.objective import objective, optimality_residual
from labelaudit_dagster.factorization.parameters import FactorizationParameters
from labelaudit_dagster.factorization.prediction import fold_in, predict
from labelaudit_dagster.factorization.ratings import RatingTriples
from labelaudit_dagster.factorization.results import (
    Candidate,
    CandidateSpread,
    Factorization,
    ModelParameters,
    SolutionStatus,
    Trajectory,
)
from labelaudit_dagster.factorization.runtime import configure_compilation_cache
from labelaudit_dagster.factorization.solver import factorize
from labelaudit_dagster.factorization.uncertainty import (
    BootstrapReplicates,
    Decide,
    LeaveOneOutFlips,
    bootstrap,
    leave_one_out,
)

__all__ = [
    "BootstrapReplicates",
    "Candidate",
    "CandidateSpread",
    "Decide",
    "Factorization",
    "FactorizationError",
    "FactorizationParameters",
    "Instability",
    "LeaveOneOutFlips",
    "ModelParameters",
    "RatingTriples",
    "SolutionStatus",
    "Trajectory",
    "bootstrap",
    "configure_compilation_cache",
    "factorize",
    "fold_in",
    "instability",
    "leave_one_out",
    "objective",
    "optimality_residual",
    "predict",
]
