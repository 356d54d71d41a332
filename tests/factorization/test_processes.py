"""Fresh processes: what an import loads, the compilation cache, equality to the bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOLVE = """
import hashlib, sys
import jax
import numpy as np
from labelaudit_dagster.factorization import RatingTriples, configure_compilation_cache, factorize
configure_compilation_cache(sys.argv[1])
generator = np.random.default_rng(0)
row, col = np.nonzero(generator.random((90, 40)) < 0.3)
value = (generator.random(row.size) < 0.5).astype(float)
order = np.random.default_rng(int(sys.argv[2])).permutation(row.size)
ratings = RatingTriples.from_arrays(row[order], col[order], value[order])
found = factorize(ratings)
model = found.parameters
digest = hashlib.sha256()
for part in (model.rater_intercept, model.item_intercept, model.rater_factor, model.item_factor):
    digest.update(part.tobytes())
print(digest.hexdigest(), found.loss.hex(), jax.config.jax_enable_x64)
"""


def run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_loads_no_jax():
    code = (
        "import sys, labelaudit_dagster.factorization as f;"
        "f.FactorizationParameters(); print('jax' in sys.modules)"
    )
    assert run(code) == "False"


@pytest.mark.slow
def test_fresh_processes_agree_to_the_bit_and_share_compiled_programs(tmp_path: Path):
    cache = tmp_path / "compiled"
    first = run(SOLVE, str(cache), "1")
    programs = {path.name for path in cache.iterdir() if path.name.endswith("-cache")}
    assert 1 <= len(programs) <= 3
    second = run(SOLVE, str(cache), "2")
    assert second == first
    assert first.endswith("False")  # the host's precision is left alone
    again = {path.name for path in cache.iterdir() if path.name.endswith("-cache")}
    assert again == programs
