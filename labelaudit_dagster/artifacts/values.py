"""What an artifact can hold besides a data frame and a JSON document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labelaudit_dagster.artifacts.errors import ArtifactValueError

_SUFFIX = re.compile(r"(\.[a-z0-9]{1,16}){1,4}")


@dataclass(frozen=True)
class Blob:
    """Bytes that are kept verbatim, such as a compressed raw snapshot.

    Attributes:
        data: the bytes.
        suffix: ending of the file name, such as `.json.gz`.
    """

    data: bytes
    suffix: str = ".bin"

    def __post_init__(self) -> None:
        if not _SUFFIX.fullmatch(self.suffix):
            raise ArtifactValueError(
                f"The suffix {self.suffix!r} cannot end a file name; use one like '.json.gz'."
            )


class Bundle(Mapping[str, Any]):
    """Several named values that make one version: each a frame, a JSON document or a `Blob`.

    A read-only mapping; names may be any text.
    """

    def __init__(self, members: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Take the members from a mapping and from keyword arguments.

        Raises:
            ArtifactValueError: if there is no member, or one is itself a bundle.
        """
        self._members: dict[str, Any] = {**(members or {}), **named}
        if not self._members:
            raise ArtifactValueError("A bundle needs at least one member.")
        for name, value in self._members.items():
            if isinstance(value, Bundle):
                raise ArtifactValueError(f"Bundle member {name!r} is itself a bundle; flatten it.")

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"Bundle({', '.join(self._members)})"
