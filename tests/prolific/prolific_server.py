"""Prolific on loopback: studies page by page and their exports, misbehaving path by path."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from platform_exchange import RecordedRequest, Step
from platform_faults import FAULTS
from platform_server import PlatformServer

HEADER = (
    "Submission id", "Participant id", "Status", "Custom study tncs accepted at", "Started at",
    "Completed at", "Reviewed at", "Archived at", "Time taken", "Completion code",
    "Total approvals", "Age", "Sex", "Ethnicity simplified", "Country of birth",
    "Country of residence", "Nationality", "Language", "Student status", "Employment status",
)  # fmt: skip
"""The columns of Prolific's export, in its order."""

SECRETS = ("SUBMISSION-", "COMPLETION-CODE", "Atlantis", "2026-02-03")
"""What stands in columns that nobody may keep."""


def person(name: str, *, status: str = "APPROVED", **values: str) -> dict[str, str]:
    """Return a row of a made-up person."""
    row = {
        "Submission id": f"SUBMISSION-{name}",
        "Participant id": name,
        "Status": status,
        "Custom study tncs accepted at": "Not Applicable",
        "Started at": "2026-02-03T10:11:12.345Z",
        "Completed at": "2026-02-03T10:21:12.345Z",
        "Reviewed at": "",
        "Archived at": "",
        "Time taken": "601",
        "Completion code": "COMPLETION-CODE",
        "Total approvals": "17",
        "Age": "34",
        "Sex": "Female",
        "Ethnicity simplified": "White",
        "Country of birth": "Atlantis",
        "Country of residence": 'Lemuria, "East"\nand West',
        "Nationality": "Atlantis",
        "Language": "Klingon",
        "Student status": "No",
        "Employment status": "Full-Time",
    }
    return {**row, **{key.replace("_", " "): value for key, value in values.items()}}


def export_of(
    rows: Iterable[Mapping[str, str]], *, header: Iterable[str] = HEADER, end: str = "\r\n"
) -> bytes:
    """Write an export as Prolific does."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=end)
    names = list(header)
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return stream.getvalue().encode()


@dataclass
class ProlificServer(PlatformServer):
    """The server.

    Attributes:
        studies: export by study, in the order of the list; a mapping may change between requests.
        per_page: studies on a page.
        faults: steps for requests of a study's export, in order; the last one goes on for ever.
        page_link: makes the link to the next page from its query, where it is not the own one.
    """

    studies: dict[str, bytes] = field(default_factory=dict)
    per_page: int = 2
    faults: dict[str, list[str | Step]] = field(default_factory=dict)
    page_link: Any = None

    def take_step(self, request: RecordedRequest) -> Step:
        step = super().take_step(request)
        planned = self.faults.get(self._study_of(request) or "")
        if not planned:
            return step
        found = planned.pop(0) if len(planned) > 1 else planned[0]
        return FAULTS[found] if isinstance(found, str) else found

    def asked(self, study: str) -> int:
        """Return how often a study's export was asked for."""
        return sum(self._study_of(request) == study for request in self.requests)

    @staticmethod
    def _study_of(request: RecordedRequest) -> str | None:
        parts = request.path.split("/")
        return parts[4] if len(parts) > 5 and parts[5] == "export" else None

    @property
    def url(self) -> str:
        return self.origin

    def body_of(self, request: RecordedRequest) -> bytes:
        study = self._study_of(request)
        return self._page(request.query) if study is None else self.studies[study]

    def _page(self, query: str) -> bytes:
        page = int(query.rpartition("page=")[2]) if "page=" in query else 1
        ids = list(self.studies)[(page - 1) * self.per_page : page * self.per_page]
        following = None
        if page * self.per_page < len(self.studies):
            further = f"state=(active%7Ccompleted)&page={page + 1}"
            following = f"{self.origin}/api/v1/studies/?{further}"
            following = self.page_link(further) if self.page_link else following
        document = {
            "results": [
                {"id": study, "name": f"Study {study}", "status": "ACTIVE"} for study in ids
            ],
            "_links": {"next": {"href": following}, "self": {"href": "…"}},
        }
        return json.dumps(document).encode()

    def well_behaved(self, request: RecordedRequest) -> tuple[int, bytes, dict[str, str]]:
        if not request.headers.get("authorization", "").startswith("Token "):
            return 401, b'{"error": {"status": 401}}', {"Content_Type": "application/json"}
        study = self._study_of(request)
        if study is None:
            if request.path != "/api/v1/studies/":
                return 404, b"{}", {}
            return 200, self._page(request.query), {"Content_Type": "application/json"}
        if request.path != f"/api/v1/studies/{study}/export/" or study not in self.studies:
            return 404, b'{"detail": "no such study"}', {}
        return 200, self.studies[study], {"Content_Type": "text/csv"}
