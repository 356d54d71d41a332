"""Which texts may hold a keyword, found without reading all of them.

A bit-sliced signature file (Faloutsos and Christodoulakis 1984): for each of some thousand hashed
pairs and triples of bytes one bit per text says whether the text has it. A keyword's bit slices
are combined, and only the texts that are left are read. It makes searching a hundred thousand
comments a matter of a few milliseconds and takes 256 bytes a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from operator import contains
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

_SLOT_BITS: Final = 10
_SLOTS: Final = 1 << _SLOT_BITS
_TEXTS_AT_ONCE: Final = 4096
_BYTES_AT_ONCE: Final = 1 << 22
_MOST_SLICES: Final = 64


@dataclass(frozen=True, eq=False)
class KeywordIndex:
    """Texts without case, and the signature of their pairs and triples of bytes.

    Attributes:
        folded_texts: the texts after `str.casefold`.
        signature: uint8, shape (2, 1024, ceil(n / 8)): whether a text has a pair (0) or a
            triple (1) of bytes with that hash, packed along the texts.
    """

    folded_texts: list[str]
    signature: NDArray[np.uint8]

    @classmethod
    def from_texts(cls, texts: list[str]) -> Self:
        """Index texts; those that have no case are not kept twice."""
        folded = [low if (low := text.casefold()) != text else text for text in texts]
        parts = [
            _signature(folded[start : start + _TEXTS_AT_ONCE])
            for start in range(0, len(folded), _TEXTS_AT_ONCE)
        ]
        empty = np.zeros((2, _SLOTS, 0), dtype=np.uint8)
        return cls(folded, np.concatenate([empty, *parts], axis=2))

    def rows_with(self, keyword: str) -> NDArray[np.int64]:
        """Return the ascending rows whose text holds the keyword, but for case; none for ""."""
        wanted = keyword.casefold()
        if not wanted:
            return np.empty(0, dtype=np.int64)
        rows = self._candidates(wanted)
        texts = map(self.folded_texts.__getitem__, rows.tolist())
        held = np.fromiter(map(contains, texts, repeat(wanted)), dtype=np.bool_, count=len(rows))
        return rows[held]

    def _candidates(self, wanted: str) -> NDArray[np.int64]:
        """Return the rows that may hold it, a superset of those that do."""
        data = np.frombuffer(_encoded(wanted), dtype=np.uint8)
        n = len(self.folded_texts)
        if data.size < 2:
            return np.arange(n, dtype=np.int64)
        triples = data.size > 2
        slots = np.unique(_triples(data) if triples else _pairs(data))[:_MOST_SLICES]
        slices = self.signature[int(triples), slots]
        return np.flatnonzero(np.unpackbits(np.bitwise_and.reduce(slices, axis=0), count=n))


def _signature(texts: list[str]) -> NDArray[np.uint8]:
    """Return the packed bits of some texts, uint8, shape (2, 1024, ceil(n / 8))."""
    encoded = [_encoded(text) for text in texts]
    present = np.zeros((2, len(texts), _SLOTS), dtype=np.bool_)
    first, size = 0, 0
    for row, data in enumerate(encoded):
        size += len(data)
        if size >= _BYTES_AT_ONCE or row == len(encoded) - 1:
            _mark(present, encoded[first : row + 1], first)
            first, size = row + 1, 0
    return np.packbits(present.transpose(0, 2, 1), axis=2)


def _mark(present: NDArray[np.bool_], encoded: list[bytes], first: int) -> None:
    """Set the bits of texts that stand one after the other.

    What spans two texts is set for the first of them too: a bit too many costs a look at a text
    and loses nothing.
    """
    data = np.frombuffer(b"".join(encoded) + b"\0\0", dtype=np.uint8)
    rows = np.repeat(np.arange(first, first + len(encoded)), [len(part) for part in encoded])
    present[0, rows, _pairs(data)[: len(rows)]] = True
    present[1, rows, _triples(data)[: len(rows)]] = True


def _pairs(data: NDArray[np.uint8]) -> NDArray[np.uint32]:
    wide = data.astype(np.uint32)
    return _slot((wide[:-1] << np.uint32(8)) | wide[1:])


def _triples(data: NDArray[np.uint8]) -> NDArray[np.uint32]:
    wide = data.astype(np.uint32)
    return _slot((wide[:-2] << np.uint32(16)) | (wide[1:-1] << np.uint32(8)) | wide[2:])


def _slot(numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return a multiplicative hash (Knuth) of each number, below 1024."""
    mixed = numbers * np.uint32(0x9E3779B1)
    return np.asarray(mixed >> np.uint32(32 - _SLOT_BITS), dtype=np.uint32)


def _encoded(text: str) -> bytes:
    # Half a surrogate pair cannot be written otherwise, and a search must not fail on it.
    return text.encode("utf-8", "surrogatepass")
