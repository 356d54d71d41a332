"""One retraining of IndieLabel's recipe, compiled, in double precision, as `Surprise` does it.

The loop of `benchmarks.personal_models.recipe` for one person. Where no C compiler is at hand, one
epoch in NumPy is measured and multiplied, and the table says so.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.personal_model_speed.synthetic import SyntheticCorpus
from benchmarks.personal_models.recipe import DEFAULTS, Crowd, Person, predict

_SOURCE = """
void train(long n, const int *user, const int *item, const double *rating, double mean,
           int factors, int epochs, double rate, double regularization,
           double *user_bias, double *item_bias, double *p_all, double *q_all) {
  for (int epoch = 0; epoch < epochs; epoch++)
    for (long k = 0; k < n; k++) {
      double *restrict p = p_all + (long)user[k] * factors;
      double *restrict q = q_all + (long)item[k] * factors;
      double dot = 0;
      for (int f = 0; f < factors; f++) dot += p[f] * q[f];
      double error = rating[k] - (mean + user_bias[user[k]] + item_bias[item[k]] + dot);
      user_bias[user[k]] += rate * (error - regularization * user_bias[user[k]]);
      item_bias[item[k]] += rate * (error - regularization * item_bias[item[k]]);
      for (int f = 0; f < factors; f++) {
        double pf = p[f], qf = q[f];
        p[f] += rate * (error * qf - regularization * pf);
        q[f] += rate * (error * pf - regularization * qf);
      }
    }
}
"""


class NoCompilerError(RuntimeError):
    """There is no C compiler, or it fails."""


def trained(
    user: np.ndarray, item: np.ndarray, rating: np.ndarray, *, epochs: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return biases and factors of users and items, float64, after so many epochs.

    Raises:
        NoCompilerError: if the loop cannot be compiled.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompilerError("no C compiler was found")
    generator = np.random.default_rng(seed)
    n_users, n_items = int(user.max()) + 1, int(item.max()) + 1
    biases = np.zeros(n_users), np.zeros(n_items)
    factors = tuple(
        generator.normal(0, DEFAULTS.start_sd, (n, DEFAULTS.factors)) for n in (n_users, n_items)
    )
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "recipe.c", Path(folder) / "recipe.so"
        source.write_text(_SOURCE)
        done = subprocess.run(
            [compiler, "-O3", "-shared", "-fPIC", str(source), "-o", str(library)],
            check=False,
            capture_output=True,
        )
        if done.returncode:
            raise NoCompilerError(f"{compiler} failed")
        train = ctypes.CDLL(str(library)).train
    pointer = np.ctypeslib.ndpointer
    floats, ints = pointer(np.float64, flags="C"), pointer(np.int32, flags="C")
    train.argtypes = [
        *(ctypes.c_long, ints, ints, floats, ctypes.c_double, ctypes.c_int, ctypes.c_int),
        *(ctypes.c_double, ctypes.c_double, floats, floats, floats, floats),
    ]
    train.restype = None
    train(
        rating.size,
        np.ascontiguousarray(user, dtype=np.int32),
        np.ascontiguousarray(item, dtype=np.int32),
        np.ascontiguousarray(rating, dtype=np.float64),
        float(rating.mean()),
        DEFAULTS.factors,
        epochs,
        DEFAULTS.rate,
        DEFAULTS.regularization,
        *biases,
        *factors,
    )
    return (*biases, *factors)


def seconds(corpus: SyntheticCorpus) -> tuple[float, str]:
    """Return what one retraining takes, and how it was measured."""
    rating = corpus.level.astype(np.float64)
    try:
        trained(corpus.rater[:1000], corpus.item[:1000], rating[:1000], epochs=1)
        began = perf_counter()
        trained(corpus.rater, corpus.item, rating, epochs=DEFAULTS.epochs)
        return perf_counter() - began, f"compiled C, {DEFAULTS.epochs} epochs"
    except NoCompilerError as problem:
        share = max(rating.size // 50, 1)
        part = slice(None, share)
        crowd = Crowd(
            corpus.rater[part],
            corpus.item[part],
            rating[part],
            int(corpus.rater.max()) + 1,
            len(corpus.texts),
        )
        person = Person(corpus.item[:20], rating[:20], corpus.item[:1])
        began = perf_counter()
        predict(crowd, [person], low=0, high=4, seed=0, all_labels=False)
        took = (perf_counter() - began) * rating.size / share
        return took, f"NumPy on every 50th rating, times 50, since {problem}"
