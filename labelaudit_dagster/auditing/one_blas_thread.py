"""Linear algebra on one thread, for products too small to share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which NumPy's matrix products use one thread.

    A product of four rows and a hundred thousand columns takes a millisecond; two threads wait for
    each other longer than that on a machine that has other work. The limit is one of the process:
    where two threads of Python are inside at once, the first to leave may lift it for the other, or
    the last leave it behind, which changes speed alone.
    """
    limited: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited


@cache
def _controller() -> Any:
    """Return the handle on the libraries that are loaded; finding them takes a millisecond."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
