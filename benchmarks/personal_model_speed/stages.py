"""One stage at a time in a process of its own: prints its figures as JSON.

    python -m benchmarks.personal_model_speed.stages STAGE FOLDER

FOLDER holds the corpus, and gets what a later stage needs.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from benchmarks.personal_model_speed.synthetic import SyntheticCorpus

LABELS = 20
USERS = 1_000
FOLDED, COLD = 120, 20
"""People folded in one after the other, and how many of them do not count."""


def peak_bytes() -> int:
    """Return the largest resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.is_file():
        # ru_maxrss would begin with what the parent had when it started this process.
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Began:
    """A moment, from which wall and processor time are counted."""

    def __init__(self) -> None:
        self._wall, self._processor = perf_counter(), process_time()

    def cost(self) -> dict[str, float]:
        """Return seconds, processor seconds of all threads, and the peak memory in bytes."""
        return {
            "seconds": perf_counter() - self._wall,
            "processor": process_time() - self._processor,
            "peak": float(peak_bytes()),
        }


def fit(folder: Path) -> dict[str, float | str]:
    """Fit without the texts, then fold one person in and predict, warm."""
    from labelaudit_dagster.auditing.comment_model import CommentModelOptions

    model, cost = _fitted(folder, CommentModelOptions(use_text=False), texts=False)
    return {**_described(model), **cost, **_fold_in(model)}


def fit_with_text(folder: Path) -> dict[str, float | str]:
    """Fit as the pipeline does, text prior included."""
    from labelaudit_dagster.auditing.comment_model import CommentModelOptions

    model, cost = _fitted(folder, CommentModelOptions(), texts=True)
    return {**_described(model), **cost}


def text_prior(folder: Path) -> dict[str, float | str]:
    """Learn from the texts alone, from severities known as five ratings tell them."""
    from labelaudit_dagster.auditing.text_prior import text_severity

    corpus = SyntheticCorpus.load(folder)
    generator = np.random.default_rng(5)
    error = 0.6
    known = corpus.severity + error * generator.normal(size=corpus.severity.size)
    began = Began()
    prior = text_severity(corpus.texts, known, np.full(known.size, error**-2))
    return {**began.cost(), "explained": prior.explained_variance}


def pipeline(folder: Path) -> dict[str, object]:
    """Import the corpus, make the corpus side, and 1,000 users in one Dagster run."""
    from labelaudit_dagster.artifacts import ArtifactStore
    from labelaudit_dagster.launch import Launcher, dagster_instance, run_group
    from labelaudit_dagster.settings import Settings
    from labelaudit_dagster.store import Database, Label, add_labels, import_corpus
    from labelaudit_dagster.user_partitions import partition_key

    settings = Settings(home=folder / "home")
    corpus = SyntheticCorpus.load(folder)
    now = datetime.now(UTC)
    began = perf_counter()
    with Database.open(settings.resolved_database_url) as database:
        import_corpus(database, _tables(corpus), mode="replace", now=now)
        imported = perf_counter() - began
        generator = np.random.default_rng(7)
        users = [f"user {number:04d}" for number in range(USERS)]
        for user in users:
            items = generator.choice(len(corpus.texts), LABELS, replace=False)
            batch = [Label(int(i), float(_answer(corpus, i, generator))) for i in items]
            add_labels(database, user, "my_model", batch, now=now)
    began = perf_counter()
    outcome = run_group(settings, "audit")
    corpus_side = perf_counter() - began
    if not outcome.succeeded:
        raise SystemExit(f"the corpus side failed: {outcome}")
    with dagster_instance(settings) as instance:
        steps = {
            step.step_key: step.end_time - step.start_time
            for step in instance.get_run_step_stats(outcome.run_id)
        }
    corpus_peak = peak_bytes()
    with Launcher(settings) as launcher:
        clock = Began()
        outcome = launcher.audit_users()
        many = clock.cost()
        if not outcome.succeeded:
            raise SystemExit(f"the users' run failed: {outcome}")
        ones = []
        for number in range(3):
            with Database.open(settings.resolved_database_url) as database:
                add_labels(database, users[number], "my_model", [Label(number, 1.0)], now=now)
            began = perf_counter()
            launcher.train_user(users[number], pictures=False)
            ones.append(perf_counter() - began)
    store = ArtifactStore(settings.resolved_artifacts_url)
    ref = store.current("personal_predictions", partition_key(users[-1]))
    if ref is None:
        raise SystemExit("a user has no predictions")
    size = sum(entry.size for entry in store.manifest(ref).files.values())
    return {
        "import": imported,
        "corpus_side": corpus_side,
        "steps": steps,
        "corpus_peak": corpus_peak,
        "users": many["seconds"],
        "users_processor": many["processor"],
        "one_user": float(np.median(ones)),
        "stored": size,
        "peak": peak_bytes(),
    }


def _fitted(folder: Path, options: object, *, texts: bool) -> tuple[object, dict[str, float]]:
    from labelaudit_dagster.auditing.comment_model import fit_comment_model
    from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE

    corpus = SyntheticCorpus.load(folder)
    began = Began()
    model = fit_comment_model(
        np.arange(len(corpus.texts)),
        corpus.texts if texts else None,
        corpus.rater,
        corpus.item,
        corpus.level,
        scale=TOXICITY_SCALE,
        options=options,
    )
    return model, began.cost()


def _described(model: object) -> dict[str, float | str]:
    found = model.diagnostics
    return {
        "grid": found["grid_points"],
        "points": found["fit_points"],
        "sweeps": found["sweeps"],
        "status": str(model.status),
        "explained": found["text_explained_variance"],
    }


def _fold_in(model: object) -> dict[str, float]:
    """Return times of many people, each folded in and predicted everywhere.

    The people are drawn from the fitted population and answer as the model says; beside them some
    who answer by dice, for whom the points of the population are too coarse and must be moved.
    """
    from labelaudit_dagster.auditing.comment_model.response import ResponseTable
    from labelaudit_dagster.auditing.personal_model import choose_next, fold_in, predict

    generator = np.random.default_rng(3)
    people = generator.standard_normal((FOLDED, model.scale.n_levels))
    answers = ResponseTable.of(model.population.at(people), model.grid).probability
    taken, diced, picked = [], [], []
    for person in range(FOLDED):
        rows = generator.choice(model.n_items, LABELS, replace=False)
        place = [generator.choice(model.grid.size, p=p / p.sum()) for p in model.severity[rows]]
        below = answers[:, person, place].cumsum(axis=0)
        levels = np.minimum((below < generator.random(LABELS)).sum(axis=0), len(answers) - 1)
        for times, given in (
            (taken, levels),
            (diced, generator.integers(0, model.scale.n_levels, LABELS)),
        ):
            began = perf_counter()
            said = predict(model, fold_in(model, rows, given))
            times.append(perf_counter() - began)
            if len(said) != model.n_items:
                raise SystemExit("a prediction is missing")
        candidates = generator.choice(model.n_items, 1_000, replace=False)
        began = perf_counter()
        choose_next(model, rows, levels, candidates, 1)
        picked.append(perf_counter() - began)
    return {
        "fold_in": float(np.median(taken[COLD:])),
        "fold_in_best": float(np.min(taken[COLD:])),
        "fold_in_90": float(np.quantile(taken[COLD:], 0.9)),
        "diced": float(np.median(diced[COLD:])),
        "choose": float(np.median(picked[COLD:])),
    }


def _answer(corpus: SyntheticCorpus, item: int, generator: np.random.Generator) -> int:
    latent = corpus.severity[item] + generator.normal()
    return int(np.searchsorted([0.2, 1.0, 1.8, 2.6], latent))


def _tables(corpus: SyntheticCorpus) -> object:
    """Return the canonical tables, the system's ratings among them."""
    import pandas as pd

    from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
    from labelaudit_dagster.importers import Corpus, SourceIdentity

    n = len(corpus.texts)
    names = pd.Series([f"r{number:05d}" for number in range(int(corpus.rater.max()) + 1)])
    system = np.clip(1.2 + corpus.severity, 0.0, 4.0)
    return Corpus.of_tables(
        comments=pd.DataFrame(
            {
                "item_id": np.arange(n, dtype=np.int64),
                "source_item_id": pd.Series([str(i) for i in range(n)], dtype="str"),
                "text": pd.Series(corpus.texts, dtype="str"),
            }
        ),
        raters=pd.DataFrame({"rater_id": names.astype("str")}),
        comment_ratings=pd.DataFrame(
            {
                "rater_id": names.to_numpy()[corpus.rater],
                "item_id": corpus.item,
                "rating": corpus.level.astype(np.float64),
            }
        ).astype({"rater_id": "str"}),
        system_ratings=pd.DataFrame(
            {"item_id": np.arange(n, dtype=np.int64), "system_rating": system}
        ),
        scale=TOXICITY_SCALE,
        identity=SourceIdentity(kind="ratings", name="a synthetic corpus", fingerprint=()),
    )


STAGES = {
    "fit": fit,
    "fit_with_text": fit_with_text,
    "text_prior": text_prior,
    "pipeline": pipeline,
}

if __name__ == "__main__":
    print(json.dumps(STAGES[sys.argv[1]](Path(sys.argv[2]))))
