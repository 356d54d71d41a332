"""A study's export as it arrives: CSV, reduced row by row, never held as a whole.

Whatever is wrong is told by the number of the row; no message holds anything of the file.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import Final

from labelaudit_dagster.importers import DemographicColumns, ReducedRows, RowReducer
from labelaudit_dagster.platform_client import Unacceptable

LONGEST_LINE: Final = 1024 * 1024
"""Most characters of a line; no row of an export is nearly as long."""

_ADVICE: Final = "look at the study's export in Prolific; it is asked for again at the next run"


def read_csv_export(blocks: Iterator[bytes], columns: DemographicColumns) -> ReducedRows:
    """Read a file block by block.

    UTF-8, with or without a byte order mark; line ends of any kind, within quotes too. A header
    without a row is a study without submissions, and so is an empty file.

    Args:
        blocks: The file; what they raise passes through.
        columns: What is kept.

    Raises:
        Unacceptable: The file is none of the kind, or ends in the middle of a row.
    """
    rows = csv.reader(_lines(blocks), strict=True)
    reducer: RowReducer | None = None
    width = number = 0
    try:
        for row in rows:
            if not row:
                continue
            if reducer is None:
                reducer, width = RowReducer(row, columns), len(row)
                continue
            number += 1
            if len(row) != width:
                raise _unreadable(f"in row {number} has {len(row)} fields in place of {width}")
            reducer.add(row)
    except csv.Error:
        raise _unreadable(f"cannot be read after row {number}") from None
    except UnicodeDecodeError:
        raise Unacceptable(
            f"brought an export that after row {number} is not written in UTF-8", _ADVICE
        ) from None
    except ValueError as error:
        raise Unacceptable(f"brought something that {error}, so no export", _ADVICE) from None
    return ReducedRows((), 0, {}) if reducer is None else reducer.result()


def _unreadable(what: str) -> Unacceptable:
    # A file that was cut off comes whole the next time.
    return Unacceptable(f"brought an export that {what}", _ADVICE, may_pass=True)


def _lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """Yield lines with their ends, each as soon as it is there."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("strict")
    rest = ""
    for block in blocks:
        *lines, rest = (rest + decoder.decode(block)).split("\n")
        for line in lines:
            yield line + "\n"
        if len(rest) > LONGEST_LINE:
            raise _unreadable(f"has a line of more than {LONGEST_LINE:,} characters")
    rest += decoder.decode(b"", True)
    if rest:
        yield rest
