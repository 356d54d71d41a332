"""Constitutions made by hand, in a real artifact store, and everything needed to publish them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from platform_server import PlatformServer

from labelaudit_dagster.artifacts import ArtifactRef, ArtifactStore, Bundle
from labelaudit_dagster.constitution import (
    AcceptanceRule,
    ItemEstimates,
    constitution_document,
    decide_constitution,
)
from labelaudit_dagster.factorization.tables import parameter_table
from labelaudit_dagster.publishing import Approval, PublicationOutcome, publish_current
from labelaudit_dagster.resources.constitution_target import ConstitutionTarget
from labelaudit_dagster.store import Database, list_publications

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS = "abcdefgh"
APPROVAL = Approval("Ada", "The council voted for it.")


def make_constitution(
    store: ArtifactStore,
    accepted: str,
    *,
    shade: float = 0.0,
    undecided: str = "",
    status: str = "converged",
    inputs: Sequence[ArtifactRef] = (),
) -> ArtifactRef:
    """Write a factorization and the constitution that follows from it.

    Args:
        store: where to.
        accepted: letters of `IDS`, the accepted guidelines.
        shade: is added to all parameters, so that the content differs and the set does not.
        undecided: letters of guidelines that lie on the threshold.
        status: how the solver ended.
        inputs: more that the factorization was made from.
    """
    intercepts = [
        0.375 if name in undecided else (0.5 if name in accepted else 0.1) + shade for name in IDS
    ]
    factors = np.linspace(-0.5, 0.5, len(IDS))[:, None] + shade
    raters = ["u1", "u2", "Ünal 🦉"]
    solution = store.write(
        "factorization",
        Bundle(
            raters=parameter_table(
                "participant_id", raters, np.arange(3) / 8 + shade, np.ones((3, 1)) / 4
            ),
            model={"mu": 0.25 + shade},
        ),
        inputs=list(inputs),
    )
    decisions = decide_constitution(
        pd.DataFrame({"guideline_id": list(IDS), "text": [f"Guideline {i}." for i in IDS]}),
        ItemEstimates.from_arrays(
            list(IDS),
            n_ratings=[10] * len(IDS),
            n_helpful=[9] * len(IDS),
            intercepts=intercepts,
            factors=factors,
            numerical_error=[1e-3 if name in undecided else 0.0 for name in IDS],
        ),
        AcceptanceRule(),
    )
    document = constitution_document(
        decisions,
        rule=AcceptanceRule(),
        solver={"method": "exact", "status": status, "loss": 0.1, "kkt": 1e-7, "sweeps": 9,
                "seconds": 0.1},
        parameters={"ndim": 1},
        n_raters=len(raters),
        version="made by hand",
        created_at=START,
        provenance={},
        mu=0.25 + shade,
    )  # fmt: skip
    return store.write("constitution", Bundle(document=document), inputs=[solution])


@dataclass
class Desk:
    """A store, a database and a target, with a clock that moves with every publishing.

    Attributes:
        store: the artifact store.
        database: the application database.
        target: where constitutions go.
        churn_limit: of the gate.
    """

    store: ArtifactStore
    database: Database
    target: ConstitutionTarget
    churn_limit: float = 0.3
    _minutes: int = field(default=0, init=False)

    def make(self, accepted: str, **options: Any) -> ArtifactRef:
        """Write a constitution and make it current."""
        return make_constitution(self.store, accepted, **options)

    def publish(self, **options: Any) -> PublicationOutcome:
        """Publish the current constitution."""
        return publish_current(
            self.store,
            self.database,
            options.pop("target", self.target),
            churn_limit=options.pop("churn_limit", self.churn_limit),
            now=self.now(),
            **options,
        )

    def now(self) -> datetime:
        """Return a time one minute after the last one."""
        self._minutes += 1
        return START + timedelta(minutes=self._minutes)

    def states(self) -> list[tuple[int, str]]:
        """Return number and state of every publication, oldest first."""
        return [(p.sequence, p.state) for p in reversed(list_publications(self.database))]


MakeDesk = Callable[..., Desk]


def accepted_there(platform: PlatformServer) -> list[str]:
    """Return the accepted guidelines of every applied constitution, in order."""
    return ["".join(json.loads(post.body)["accepted_guideline_ids"]) for post in platform.applied]


def named(sequence: int) -> Approval:
    """Return an approval of one publication by its number."""
    return Approval(APPROVAL.by, APPROVAL.why, sequence)
