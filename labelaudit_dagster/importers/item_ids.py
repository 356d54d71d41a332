"""Numbers for the items of a corpus, whatever ids their source gives them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Final

from labelaudit_dagster.importers.corpus_tables import LARGEST_ITEM_ID

_WHOLE_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_SURPLUS_BITS: Final = 64 - LARGEST_ITEM_ID.bit_length()


def item_id_of(source_item_id: str) -> int:
    """Return the item id of a source id, as long as no other item has it.

    A whole number in [0, 2^53), written in the usual way, is its own item id. Of any other text
    it is the first 53 bits of the 64-bit BLAKE2b hash of its UTF-8 form.

    Args:
        source_item_id: The id in the source.

    Returns:
        A number in [0, 2^53).
    """
    number = _own_number(source_item_id)
    return _hashed(source_item_id, 0) if number is None else number


def assign_item_ids(source_item_ids: Iterable[str], taken: Collection[int] = ()) -> dict[str, int]:
    """Give each source id an item id of its own, by the rule of `item_id_of`.

    Where two would get the same, numbers that are their own item ids come first, then the
    others in ascending order of their source ids; a later one is hashed again with NUL and a
    count (1, 2, …) behind it until the number is free. So the result depends on the set of ids
    alone.

    Args:
        source_item_ids: Distinct ids in the source, without the character NUL.
        taken: Item ids that are not free.

    Returns:
        Source id to item id.
    """
    used = set(taken)
    assigned: dict[str, int] = {}
    others: list[str] = []
    for source_id in source_item_ids:
        own = _own_number(source_id)
        if own is None or own in used:
            others.append(source_id)
        else:
            assigned[source_id] = own
            used.add(own)
    for source_id in sorted(others):
        count = int(_own_number(source_id) is not None)
        while (number := _hashed(source_id, count)) in used:
            count += 1
        assigned[source_id] = number
        used.add(number)
    return assigned


def _own_number(source_item_id: str) -> int | None:
    if _WHOLE_NUMBER.fullmatch(source_item_id) is None:
        return None
    number = int(source_item_id)
    return number if number <= LARGEST_ITEM_ID else None


def _hashed(source_item_id: str, count: int) -> int:
    seed = f"{source_item_id}\0{count}" if count else source_item_id
    digest = hashlib.blake2b(seed.encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> _SURPLUS_BITS
