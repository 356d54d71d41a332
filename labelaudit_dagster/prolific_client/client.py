"""The studies of a researcher, page by page, and the export of one study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from urllib3.util import parse_url

from labelaudit_dagster.importers import DemographicColumns, ReducedRows
from labelaudit_dagster.platform_client import Answer, Call, HttpCaller, Service, Unacceptable
from labelaudit_dagster.platform_client.address import join, origin, redirect_target
from labelaudit_dagster.platform_client.failure import phrase
from labelaudit_dagster.platform_client.json_document import read_object
from labelaudit_dagster.prolific_client.csv_export import read_csv_export

PROLIFIC: Final = Service(
    name="Prolific",
    url_setting="LABELAUDIT_PROLIFIC_URL",
    key_setting="LABELAUDIT_PROLIFIC_API_KEY",
    scheme="Token",
)
"""Who is called, for header and messages."""

MOST_PAGES: Final = 200
LONGEST_STUDY_ID: Final = 200

_STUDIES: Final = "api/v1/studies/"
_STATES: Final = "state=(active|completed)"
_ADVICE: Final = "check that LABELAUDIT_PROLIFIC_URL is the address of Prolific's API"


class ProlificClient:
    """Asks for studies and their exports. Keeps no connection between calls.

    Args:
        caller: Calls Prolific; its limits hold for each page and each export.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    def study_ids(self) -> list[str]:
        """Return the ids of all active and completed studies, in Prolific's order.

        Further pages are followed on the same origin and below the same address alone, since the
        key goes with every request.

        Raises:
            PlatformError: A page did not come, or is no list of studies.
        """
        found: dict[str, None] = {}
        asked: set[str] = set()
        query: str | None = _STATES
        while query is not None:
            asked.add(query)
            ids, query = self._page(query, asked)
            found |= dict.fromkeys(ids)
        return list(found)

    def reduced_export(self, study_id: str, columns: DemographicColumns) -> ReducedRows:
        """Return what may be kept of a study's export.

        The file is read as it arrives. Of each row only the allowed columns are kept, and no
        message quotes the file.

        Raises:
            PlatformError: The export did not come whole, or is none.
        """

        def read(blocks: Iterator[bytes]) -> ReducedRows:
            return read_csv_export(blocks, columns)

        call = Call(
            "GET",
            f"{_STUDIES}{quote(study_id, safe='')}/export/",
            headers={"Accept": "text/csv, */*;q=0.5"},
            reader=read,
            quotable=False,
        )

        def judge(answer: Answer) -> ReducedRows:
            if answer.status != 200:
                raise Unacceptable(phrase(answer.status), _ADVICE)
            rows: ReducedRows = answer.content
            if any(self._caller.reveals_key(text) for text in _texts(rows)):
                raise Unacceptable("brought our own key back as a value", _ADVICE)
            return rows

        return self._caller.call(call, judge)

    def _page(self, query: str, asked: set[str]) -> tuple[list[str], str | None]:
        def judge(answer: Answer) -> tuple[list[str], str | None]:
            if answer.status != 200:
                raise Unacceptable(phrase(answer.status), _ADVICE)
            document = read_object(answer.body, _ADVICE)
            following = _next(document)
            if following is None:
                return _ids(document), None
            # The page that a link names is asked for at our own address.
            further = self._query_of(following)
            if further in asked or len(asked) >= MOST_PAGES:
                raise Unacceptable("brought a list of studies that has no end", _ADVICE)
            return _ids(document), further

        return self._caller.call(Call("GET", _STUDIES, query), judge)

    def _query_of(self, link: str) -> str:
        own = join(parse_url(self._caller.base_url), _STUDIES)
        target = redirect_target(own, link)
        if (
            target is None
            or not target.query
            or origin(target) != origin(own)
            or (target.path or "").rstrip("/") != (own.path or "").rstrip("/")
        ):
            raise Unacceptable("named a next page that is not its own, which gets no key", _ADVICE)
        return target.query


def _texts(rows: ReducedRows) -> Iterator[str]:
    distinct = {text for row in rows.rows for text in row.values() if text is not None}
    yield from distinct


def _next(document: Mapping[str, Any]) -> str | None:
    """Return the link to the next page; Prolific writes it as `_links.next.href`."""
    links = document.get("_links")
    linked = links.get("next") if isinstance(links, dict) else None
    found = linked.get("href") if isinstance(linked, dict) else linked
    found = found if found is not None else document.get("next")
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise Unacceptable("brought a link to the next page that is no text", _ADVICE)
    return found


def _ids(document: Mapping[str, Any]) -> list[str]:
    studies = document.get("results")
    if not isinstance(studies, list):
        raise Unacceptable("brought no list of studies", _ADVICE)
    ids = []
    for study in studies:
        found = study.get("id") if isinstance(study, dict) else None
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        usable = isinstance(found, str) and 0 < len(found) <= LONGEST_STUDY_ID
        if not usable or found in (".", "..") or not str(found).isprintable():
            raise Unacceptable("brought a study without a usable id", _ADVICE)
        ids.append(str(found))
    return ids
