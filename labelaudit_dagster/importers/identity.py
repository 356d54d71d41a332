"""Which source a community came from, and whether two snapshots are of the same source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_DIGITS = 16


@dataclass(frozen=True)
class SourceIdentity:
    """What is remembered of a source to recognise it again.

    Attributes:
        kind: `export`, `polis` or `sample`; informative only.
        name: The identity that the source declares of itself (a Polis conversation's URL, a
            platform's address), if it does.
        fingerprint: Sorted 64-bit hashes of its (guideline id, text) pairs.
    """

    kind: str
    name: str | None
    fingerprint: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a small JSON document: 16 hexadecimal digits for each guideline."""
        return {
            "kind": self.kind,
            "name": self.name,
            "fingerprint": "".join(f"{value:0{_DIGITS}x}" for value in self.fingerprint),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> SourceIdentity:
        """Read what `to_json` wrote.

        Raises:
            ValueError: The document does not have that form.
        """
        try:
            kind, name, digits = document["kind"], document["name"], document["fingerprint"]
            if len(digits) % _DIGITS:
                raise ValueError("its fingerprint is cut off")
            values = (
                int(digits[start : start + _DIGITS], 16) for start in range(0, len(digits), _DIGITS)
            )
            return cls(str(kind), None if name is None else str(name), tuple(values))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is not a stored source identity: {error}") from error

    @property
    def prefix(self) -> str:
        """A short id prefix for merging, of eight hexadecimal digits and a colon.

        It depends on the declared name, or without one on the fingerprint. Store it with the
        merged community: a later snapshot without a name would get another one.
        """
        seed = self.name or str(self.to_json()["fingerprint"])
        return hashlib.blake2b(seed.encode(), digest_size=4).hexdigest() + ":"


def guideline_fingerprint(pairs: Iterable[tuple[str, str]]) -> tuple[int, ...]:
    """Return the sorted distinct 64-bit BLAKE2b hashes of (guideline id, text) pairs."""
    return tuple(
        sorted(
            {
                int.from_bytes(
                    hashlib.blake2b(
                        f"{len(guideline_id)}:{guideline_id}{text}".encode(), digest_size=8
                    ).digest()
                )
                for guideline_id, text in pairs
            }
        )
    )


def same_source(first: SourceIdentity, second: SourceIdentity) -> bool:
    """Tell whether two identities are snapshots of one source.

    Declared names decide if both have one. Otherwise the two are the same source when at least
    half of the smaller set of (guideline id, text) pairs is shared; a set without guidelines
    equals only another such set.
    """
    if first.name is not None and second.name is not None:
        return first.name == second.name
    ours, theirs = set(first.fingerprint), set(second.fingerprint)
    if not ours or not theirs:
        return ours == theirs
    return 2 * len(ours & theirs) >= min(len(ours), len(theirs))
