"""JAX's settings, in one place: double precision and the cache of compiled programs.

Double precision is switched on by a context around our own calls only; the host's configuration
stays as it is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from os import PathLike, fspath


def double_precision() -> AbstractContextManager[object]:
    """Return the context in which all of this package's JAX code runs."""
    import jax

    context: AbstractContextManager[object] = jax.enable_x64(True)
    return context


def configure_compilation_cache(path: str | PathLike[str]) -> None:
    """Keep compiled programs under a folder, so that the next process need not compile them.

    Call it once, before the first factorization of the process. It changes JAX's configuration
    for the whole process, which is why only the application calls it.

    Args:
        path: folder for the cache; created when first needed.
    """
    import jax

    for name, value in (
        ("jax_compilation_cache_dir", fspath(path)),
        ("jax_persistent_cache_min_compile_time_secs", 0.0),
        ("jax_persistent_cache_min_entry_size_bytes", -1),
    ):
        jax.config.update(name, value)  # type: ignore[no-untyped-call]  # JAX leaves it untyped
