"""What was read or computed once, kept within bounds of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True)
class _Kept:
    value: Any
    size: int


class BoundedCache:
    """Keeps values by keys that name a version, so that nothing in it can be out of date.

    The least recently used values go first. Threads may share it: of several that ask for the same
    missing value one makes it, and the others wait.

    Args:
        max_bytes: Most bytes of values; a larger single value is handed out and not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._held = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of the values that are kept."""
        return self._held

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], T], size_of: Callable[[T], int]) -> T:
        """Return the value of a key, making it where it is not kept.

        Args:
            key: Names the value and its version.
            make: Makes the value; what it raises is raised here, and nothing is kept.
            size_of: Returns the bytes of a value.
        """
        with self._guard:
            if (found := self._find(key)) is not None:
                return cast(T, found.value)
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._guard:
                if (found := self._find(key)) is not None:
                    return cast(T, found.value)
            try:
                value = make()
                self._keep(key, _Kept(value, size_of(value)))
            finally:
                with self._guard:
                    self._making.pop(key, None)
            return value

    def drop(self, concerned: Callable[[Hashable], bool]) -> None:
        """Keep no value any more whose key is concerned."""
        with self._guard:
            for key in [key for key in self._kept if concerned(key)]:
                self._held -= self._kept.pop(key).size

    def _find(self, key: Hashable) -> _Kept | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: Hashable, made: _Kept) -> None:
        if made.size > self._max_bytes:
            return
        with self._guard:
            before = self._kept.pop(key, None)
            self._held += made.size - (0 if before is None else before.size)
            self._kept[key] = made
            while self._held > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._held -= dropped.size
