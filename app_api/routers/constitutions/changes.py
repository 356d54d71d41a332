"""What changed between two versions of the constitution."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.constitutions import ConstitutionReader, ConstitutionView, Reading
from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.table_responses import READ_RESPONSES
from app_api.routers.constitutions.parameters import StatusName, VersionInPath

router = APIRouter(prefix="/v1", tags=["constitution"])

Since = Annotated[
    str | None,
    Query(
        max_length=100,
        description="The version to compare with, earlier or later. Default: the one before.",
        examples=["20260301T120000.000000Z-9f8e7d6c5b"],
    ),
]


class Figures(Document):
    """A guideline's numbers in one version."""

    status: StatusName
    n_ratings: int
    raw_support: float | None
    intercept: float | None
    consensus_score: float | None


class Change(Document):
    """A guideline that entered, left or stayed."""

    guideline_id: str
    text: str
    before: Figures | None = Field(description="Null where it did not exist.")
    after: Figures | None = Field(description="Null where it no longer exists.")
    changed_tests: list[str] = Field(description="Tests that it passes in one of the two only.")
    sentence: str = Field(examples=["g2 (“Be kind.”) enters: raw support now passes, …"])


class Stay(Change):
    """A guideline that is accepted in both."""

    score_change: float


class Mention(Document):
    """A guideline that exists in one of the two only."""

    guideline_id: str
    text: str
    status: StatusName


class Edit(Document):
    """A guideline whose text changed."""

    guideline_id: str
    text_before: str
    text_after: str


class ChangedParameter(Document):
    """An option of model or rule that differs."""

    before: Any
    after: Any


class Changes(Document):
    """The difference between two constitutions; every list is ordered by id."""

    previous_version: str | None = Field(description="Null for the first constitution.")
    new_version: str
    sentences: list[str] = Field(description="The difference in words, most important first.")
    n_accepted_before: int
    n_accepted_after: int
    churn: float = Field(description="Share of accepted guidelines that changed sides.")
    entered: list[Change]
    left: list[Change]
    stayed: list[Stay]
    new_guidelines: list[Mention]
    removed_guidelines: list[Mention]
    edited_guidelines: list[Edit]
    changed_parameters: dict[str, ChangedParameter]


@router.get(
    "/constitutions/{version}/changes",
    summary="What a version changed",
    response_model=Changes,
    responses=READ_RESPONSES,
)
def version_changes(
    request: Request, reader: Reading, version: VersionInPath, since: Since = None
) -> Response:
    """Compare a version with the one before, or with any other."""
    return _answer(request, reader, reader.at(version), since)


@router.get(
    "/constitution/changes",
    summary="What the current constitution changed",
    response_model=Changes,
    responses=READ_RESPONSES,
)
def current_changes(request: Request, reader: Reading, since: Since = None) -> Response:
    """Compare the current constitution with the one before, or with any other version."""
    return _answer(request, reader, reader.at(None), since)


def _answer(
    request: Request, reader: ConstitutionReader, view: ConstitutionView, since: str | None
) -> Response:
    earlier = None if since is None else reader.at(since)

    def make() -> Changes:
        from labelaudit_dagster.constitution import diff_constitutions, difference_sentences

        found = (
            view.changes if earlier is None else diff_constitutions(earlier.document, view.document)
        )
        return Changes.model_validate({**found, "sentences": difference_sentences(found)})

    # Uncertainty, which may come later, is no part of a difference.
    versions = view.version if earlier is None else f"{view.version} {earlier.version}"
    return document_answer(request, versions, make)
