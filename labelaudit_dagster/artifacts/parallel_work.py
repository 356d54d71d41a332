"""The same small file operation for many artifacts, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_AT_ONCE = 16
"""Operations under way at once; they mostly wait for the disk or the network."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def for_each(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Do the work for all items and return the results in their order.

    The first failure is raised and ends it. When this returns or raises, no work is under way any
    more.
    """
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="artifact") as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
