"""Training on request: labels are on the disk already, results come from Dagster."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app_api.audit import AuditReader
from app_api.problems import ProblemError
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.launcher import Launcher
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import (
    Database,
    StoreError,
    UnknownModelError,
    list_trainings,
    record_training,
)

logger = logging.getLogger("labelaudit.api")

TrainingState = Literal["none", "waiting", "done"]


@dataclass(frozen=True)
class TrainingStatus:
    """How far a model's results are behind its labels.

    Attributes:
        user: Whose model.
        model: Its name.
        version: Its newest version, 0, 1, …; None where it was never trained.
        is_new: Whether this request made the version.
        state: `done` where the current results are of that version, `waiting` where they are
            still to be made, `none` without a version.
    """

    user: str
    model: str
    version: int | None
    is_new: bool
    state: TrainingState


class Trainer:
    """Trains personal models here, or freezes their labels for a training elsewhere.

    Dagster is opened by the first training and kept open until `close`; threads may share it.

    Args:
        settings: Of the installation.
        database: Its database, open for writing.
        audit: Reads results.
        now: Returns the time in UTC.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        audit: AuditReader,
        now: Callable[[], datetime],
    ) -> None:
        self._here = settings.training == "here"
        self._database = database
        self._audit = audit
        self._now = now
        self._launcher = Launcher(settings)
        self._warming = threading.Lock()
        self._warm: threading.Thread | None = None

    @property
    def trains_here(self) -> bool:
        """Whether `train` returns only when the results are there."""
        return self._here

    def train(self, user: str, model: str) -> TrainingStatus:
        """Train a model on its labels of now, or have it done.

        Where labels and corpus are those of the current results, nothing is computed. Trainings
        of one user follow each other.

        Args:
            user: Whose model.
            model: Its name; it has labels.

        Raises:
            ProblemError: It has no labels, the corpus was never prepared, or the training failed;
                the labels stay.
            StoreError: The database failed.
        """
        if not self._here:
            return self._frozen(user, model)
        try:
            outcome = self._launcher.train_user(user, model, pictures=False)
        except UnknownModelError:
            raise _no_labels(model) from None
        except StoreError:
            raise
        except ExpectedFailure as error:
            logger.error("training failed: %s", error)
            raise _failed() from None
        if outcome.run is not None and not outcome.run.succeeded:
            logger.error("run %s failed: %s", outcome.run.run_id, "; ".join(outcome.run.problems))
            raise _failed()
        return TrainingStatus(
            user, model, outcome.versions[model], model in outcome.trained, "done"
        )

    def status(self, user: str, model: str) -> TrainingStatus:
        """Return how far a model is, without doing anything.

        Raises:
            StoreError: The database failed.
            ArtifactError: The results cannot be read.
        """
        trainings = list_trainings(self._database, user, model)
        if not trainings:
            return TrainingStatus(user, model, None, is_new=False, state="none")
        return self._compared(user, model, trainings[-1].version, is_new=False)

    def warm_soon(self) -> None:
        """Open Dagster in the background, for somebody who is going to train soon.

        Returns at once; does nothing where it was called before, or where others train.
        """
        if not self._here:
            return
        with self._warming:
            if self._warm is None:
                self._warm = threading.Thread(
                    target=self._open, name="labelaudit-warm", daemon=True
                )
                self._warm.start()

    def close(self) -> None:
        """Close Dagster; the training at hand ends before."""
        with self._warming:
            warming, self._warm = self._warm, None
        if warming is not None:
            warming.join()
        self._launcher.close()

    def _open(self) -> None:
        try:
            self._launcher.warm()
        except Exception:
            # The first training meets the same failure, and has somebody to tell.
            logger.warning("Dagster cannot be opened in advance", exc_info=True)

    def _frozen(self, user: str, model: str) -> TrainingStatus:
        try:
            training = record_training(self._database, user, model, now=self._now())
        except UnknownModelError:
            raise _no_labels(model) from None
        return self._compared(user, model, training.version, is_new=training.is_new)

    def _compared(self, user: str, model: str, version: int, *, is_new: bool) -> TrainingStatus:
        view = self._audit.user(user)
        found = None if view is None else view.models.get(model)
        done = found is not None and found.version >= version
        return TrainingStatus(user, model, version, is_new, "done" if done else "waiting")


def _no_labels(model: str) -> ProblemError:
    return ProblemError("not-found", f"There are no labels for a model {model[:80]!r} yet.")


def _failed() -> ProblemError:
    return ProblemError(
        "unavailable",
        "The labels are stored, and the training failed. Train again later, or ask the operator "
        "to run: labelaudit run audit",
        headers={"Retry-After": "5"},
    )
