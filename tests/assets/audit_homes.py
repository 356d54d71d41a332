"""A small forum, and homes that hold it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from labelaudit_dagster.artifacts import ArtifactStore
from labelaudit_dagster.auditing.rating_scale import TOXICITY_SCALE
from labelaudit_dagster.importers import Corpus, SourceIdentity
from labelaudit_dagster.settings import Settings
from labelaudit_dagster.store import Database, Label, add_labels, import_corpus

THEMES = ("squad boss raid loot", "roses soil hedge tulips", "platform ticket signal delay")


def small_corpus(n_comments: int = 60, seed: int = 3) -> Corpus:
    """Return a forum of three themes, with a system that is too strict about the first."""
    draw = random.Random(seed)
    severity = [draw.choice([0, 0, 1, 2, 3, 4]) for _ in range(n_comments)]
    ratings = [
        (f"r{rater:02d}", item, float(min(4, max(0, round(severity[item] + draw.gauss(0, 0.7))))))
        for rater in range(12)
        for item in sorted(draw.sample(range(n_comments), n_comments // 3))
    ]
    words = [" ".join(draw.sample(THEMES[item % 3].split(), 3)) for item in range(n_comments)]
    return Corpus.of_tables(
        comments=pd.DataFrame(
            {
                "item_id": pd.Series(range(n_comments), dtype="int64"),
                "source_item_id": pd.Series([str(i) for i in range(n_comments)], dtype="str"),
                "text": pd.Series(
                    [f"{w} rude{s}" for w, s in zip(words, severity, strict=True)], dtype="str"
                ),
            }
        ),
        raters=pd.DataFrame({"rater_id": pd.Series([f"r{r:02d}" for r in range(12)], dtype="str")}),
        comment_ratings=pd.DataFrame(ratings, columns=["rater_id", "item_id", "rating"]).astype(
            {"rater_id": "str", "item_id": "int64"}
        ),
        system_ratings=pd.DataFrame(
            {
                "item_id": pd.Series(range(n_comments), dtype="int64"),
                "system_rating": [
                    min(4.0, s + (2.2 if i % 3 == 0 else 0.1)) for i, s in enumerate(severity)
                ],
            }
        ),
        scale=TOXICITY_SCALE,
        identity=SourceIdentity(kind="ratings", name="a forum", fingerprint=()),
    )


@dataclass(frozen=True)
class AuditHome:
    """A home whose corpus side may be made."""

    settings: Settings

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.settings.resolved_artifacts_url)

    def database(self) -> Database:
        return Database.open(self.settings.resolved_database_url)

    def load(self, corpus: Corpus) -> None:
        with self.database() as database:
            import_corpus(database, corpus, mode="replace", now=datetime.now(UTC))

    def label(self, user: str, labels: Mapping[int, float | None], model: str = "my_model") -> None:
        batch = [Label(item, rating) for item, rating in labels.items()]
        with self.database() as database:
            add_labels(database, user, model, batch, now=datetime.now(UTC))

    def contents(self, asset: str, partition: str | None = None) -> dict[str, str]:
        """Return the hash of each file of what is current."""
        ref = self.store.current(asset, partition)
        assert ref is not None
        return {f.name: f.sha256 for f in self.store.verify(ref).files.values()}

    def copied_to(self, path: Path) -> AuditHome:
        shutil.copytree(self.settings.home, path)
        return AuditHome(Settings(home=path))
