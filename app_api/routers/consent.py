"""Consent: what people agree to before their first rating, and that they did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app_api.body_schema import json_body
from app_api.callers import Calling, require_own, user_or_self
from app_api.problem_handlers import validation_problem
from app_api.problems import field_problem
from app_api.request_body import read_body, read_object
from app_api.routers.audit.documents import Document
from app_api.routers.constitutions.parameters import LONGEST_ID
from app_api.services import Provided, Services
from labelaudit_dagster.store import InvalidNameError, give_consent, list_consents

router = APIRouter(prefix="/v1", tags=["ratings"])

MAX_BODY_BYTES = 16 * 1024


class ConsentState(Document):
    """What there is to agree to, and whether a person did."""

    participant_id: str
    version: str = Field(
        description="Of the text; another text has another one.", examples=["1f0c2ab3d4e5"]
    )
    text: list[str] = Field(description="The text, paragraph by paragraph.")
    given_at: datetime | None = Field(
        description="When they agreed to this text (UTC); null where they have not."
    )


class GivenConsent(BaseModel):
    """That somebody agrees."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"version": "1f0c2ab3d4e5"}]}
    )

    version: str = Field(description="Of the text that they have read, as GET tells it.")
    participant_id: str | None = Field(
        default=None,
        min_length=1,
        description="Who agrees; participants agree for themselves, and need not say it.",
        examples=["anna"],
    )


async def _given(request: Request) -> GivenConsent:
    document = read_object(await read_body(request, MAX_BODY_BYTES))
    try:
        return GivenConsent.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None


@router.get("/consent", summary="What people agree to before they rate, and whether I did")
def consent(
    services: Provided,
    caller: Calling,
    participant_id: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=LONGEST_ID,
            description="Whose; participants need not say it, they ask for themselves.",
        ),
    ] = None,
) -> ConsentState:
    """Give the text and when the person agreed to it.

    The web app asks for consent before the first rating; programs of an operator who rates on
    behalf of others see to it themselves.
    """
    person = user_or_self(caller, participant_id, field="participant_id")
    require_own(caller, person)
    return _state(services, person)


@router.post("/consent", summary="Agree", openapi_extra=json_body(GivenConsent))
def agree(
    services: Provided, caller: Calling, given: Annotated[GivenConsent, Depends(_given)]
) -> ConsentState:
    """Record that a person agreed to the text of now, on the disk before the answer."""
    person = user_or_self(caller, given.participant_id, field="participant_id")
    require_own(caller, person)
    if given.version != services.consent.version:
        raise field_problem(
            "invalid-value", "version", "is not that of the present text; read it again"
        )
    try:
        give_consent(services.database, person, services.consent.whole, now=services.now())
    except InvalidNameError:
        raise field_problem(
            "invalid-value", "participant_id", "must have 1 to 2,000 bytes in UTF-8"
        ) from None
    return _state(services, person)


def consent_given(services: Services, person: str) -> datetime | None:
    """Return when a person agreed to the text of now; None where they have not."""
    version = services.consent.version
    return next(
        (
            given.given_at
            for given in list_consents(services.database, person)
            if given.text_version == version
        ),
        None,
    )


def _state(services: Services, person: str) -> ConsentState:
    return ConsentState(
        participant_id=person,
        version=services.consent.version,
        text=list(services.consent.paragraphs),
        given_at=consent_given(services, person),
    )
