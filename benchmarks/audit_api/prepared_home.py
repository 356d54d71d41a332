"""A home at the size of IndieLabel's own corpus, made by the import and the pipeline themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.personal_model_speed.synthetic import Size, SyntheticCorpus, simulated

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = "my_model"
LABELS = 20
THEMES = 100
_THEME_WORDS = 12
_WORDS_SHOWN = 6
_COMMENTS_WITH_THEME = 0.9


def user_names(n: int) -> list[str]:
    """Return the ids of the people who have labelled."""
    return [f"user {number:03d}" for number in range(n)]


def prepared_home(size: Size, n_users: int, target: Path) -> Path:
    """Copy a home to a folder; it is made at the first call and kept among temporary files.

    Args:
        size: Of the corpus.
        n_users: People with 20 labels and results.
        target: Where the copy goes.
    """
    kept = (
        Path(tempfile.gettempdir()) / "labelaudit-benchmark-audit-api" / f"{size.items}-{n_users}"
    )
    if not (kept / "done").is_file():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        command = [sys.executable, "-m", __spec__.name, *map(str, (size.items, size.raters))]
        subprocess.run([*command, str(n_users), str(kept)], cwd=REPOSITORY, check=True)
        (kept / "done").touch()
    shutil.copytree(kept / "home", target)
    return target


def environment_of(home: Path) -> dict[str, str]:
    """Return the environment of a command on a home, without foreign settings."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("LABELAUDIT_")}
    return {**own, "LABELAUDIT_HOME": str(home)}


def _make(size: Size, n_users: int, folder: Path) -> None:
    home, file = folder / "home", folder / "ratings.parquet"
    corpus = simulated(size)
    _write_ratings(corpus, file)
    _labelaudit(home, "import", "ratings", str(file), "--system-scores", "system_rating")
    file.unlink()
    _write_labels(home, corpus, n_users)
    _labelaudit(home, "run", "audit")


def _labelaudit(home: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "labelaudit_dagster.cli", *arguments]
    subprocess.run(command, env=environment_of(home), cwd=REPOSITORY, check=True, stdout=2)


def _write_ratings(corpus: SyntheticCorpus, file: Path) -> None:
    generator = np.random.default_rng(11)
    texts = np.array(_with_themes(corpus.texts, generator), dtype=object)
    system = np.clip(1.2 + corpus.severity + 0.4 * generator.normal(size=len(texts)), 0.0, 4.0)
    frame = pd.DataFrame(
        {
            "rater_id": pd.Series(corpus.rater).map("r{:05d}".format),
            "item_id": corpus.item,
            "rating": corpus.level,
            "text": texts[corpus.item],
            "system_rating": system[corpus.item].round(3),
        }
    )
    frame.to_parquet(file, index=False)


def _with_themes(texts: list[str], generator: np.random.Generator) -> list[str]:
    """Put words of a theme in front of most texts, so that there are topics; each is distinct."""
    words = [
        [f"theme{theme:02d}word{n:02d}" for n in range(_THEME_WORDS)] for theme in range(THEMES)
    ]
    theme = generator.integers(0, THEMES, len(texts))
    found = []
    for number, text in enumerate(texts):
        shown = []
        if generator.random() < _COMMENTS_WITH_THEME:
            shown = generator.choice(words[theme[number]], _WORDS_SHOWN, replace=False).tolist()
        found.append(" ".join([*shown, text, f"no{number}"]))
    return found


def _write_labels(home: Path, corpus: SyntheticCorpus, n_users: int) -> None:
    from labelaudit_dagster.settings import Settings
    from labelaudit_dagster.store import Database, Label, add_labels

    generator = np.random.default_rng(7)
    with Database.open(Settings(home=home).resolved_database_url) as database:
        for user in user_names(n_users):
            items = generator.choice(len(corpus.texts), LABELS, replace=False)
            latent = corpus.severity[items] + generator.normal(size=LABELS)
            levels = np.searchsorted([0.2, 1.0, 1.8, 2.6], latent)
            batch = [Label(int(i), float(r)) for i, r in zip(items, levels, strict=True)]
            add_labels(database, user, MODEL, batch, now=datetime.now(UTC))


if __name__ == "__main__":
    _make(Size(int(sys.argv[1]), int(sys.argv[2])), int(sys.argv[3]), Path(sys.argv[4]))
