"""Versions of the constitution: which there are, and each of them whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app_api.constitutions import PublishedAs, Reading, published_versions
from app_api.read_answers import document_answer
from app_api.routers.audit.documents import Document
from app_api.routers.audit.query_parameters import LARGEST_PAGE
from app_api.routers.audit.table_responses import READ_RESPONSES, UNCHANGED
from app_api.routers.constitution import body_answer
from app_api.routers.constitutions.parameters import After, VersionInPath, page_of
from app_api.services import Provided

router = APIRouter(prefix="/v1", tags=["constitution"])


class Publication(Document):
    """That a version was published."""

    sequence: int = Field(description="Number of the publication.", examples=[3])
    at: datetime | None = Field(description="When the platform confirmed it (UTC).")

    @classmethod
    def of(cls, found: PublishedAs | None) -> Publication | None:
        """Return the document of a publication, or None."""
        return None if found is None else cls(sequence=found.sequence, at=found.at)


class VersionRow(Document):
    """A version of the constitution, and what it changed."""

    version: str = Field(examples=["20260301T120000.000000Z-9f8e7d6c5b"])
    created_at: datetime = Field(description="When it was computed (UTC).")
    is_current: bool
    published: Publication | None = Field(description="Null where it was never sent.")
    previous_version: str | None = Field(description="What it is compared with.")
    n_accepted: int = Field(description="Guidelines that it accepts.")
    n_entered: int = Field(description="Accepted now and not before.")
    n_left: int = Field(description="Accepted before and not now.")
    churn: float | None = Field(
        description="Entered and left, as a share of all that was accepted before or now; null "
        "for the first."
    )


class Versions(Document):
    """Versions, newest first."""

    versions: list[VersionRow]
    next: str | None = Field(description="`after` of the next page; null on the last one.")


@router.get(
    "/constitutions",
    summary="The history: every kept version and what it changed",
    response_model=Versions,
    responses=READ_RESPONSES,
)
def versions(
    request: Request,
    services: Provided,
    reader: Reading,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Most rows.")] = 20,
) -> Response:
    """List versions of the constitution, newest first; old ones may have been pruned."""

    def make() -> Versions:
        refs = reader.versions()
        current = services.artifacts.current("constitution")
        published = published_versions(services.database)
        page, following = page_of(refs, lambda ref: ref.version, after, limit)
        rows = []
        for ref in page:
            found = reader.changes_of(ref)
            if found is None:
                continue
            created_at, changes = found
            first = changes["previous_version"] is None
            rows.append(
                VersionRow(
                    version=ref.version,
                    created_at=created_at,
                    is_current=ref == current,
                    published=Publication.of(published.get(ref.version)),
                    previous_version=changes["previous_version"],
                    n_accepted=changes["n_accepted_after"],
                    n_entered=len(changes["entered"]),
                    n_left=len(changes["left"]),
                    churn=None if first else changes["churn"],
                )
            )
        return Versions(versions=rows, next=following)

    return document_answer(request, None, make)


@router.get(
    "/constitutions/{version}",
    summary="A version of the constitution: every guideline with its reasons",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        304: UNCHANGED,
    },
)
def constitution(request: Request, reader: Reading, version: VersionInPath) -> Response:
    """Give the document of `/v1/constitution` as that version has it."""
    return body_answer(request, reader.at(version).body())
