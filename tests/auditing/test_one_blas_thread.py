"""Products run on one thread inside, and on as many as before outside."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from labelaudit_dagster.auditing.one_blas_thread import one_blas_thread


def threads() -> set[int]:
    assert np.ones((2, 2)) @ np.ones(2) is not None
    return {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}


def test_one_thread_inside_and_the_former_number_outside():
    with threadpool_limits(limits=2, user_api="blas"):
        assert threads() == {2}
        with one_blas_thread():
            assert threads() == {1}
            with one_blas_thread():
                assert threads() == {1}
            assert threads() == {1}
        assert threads() == {2}
