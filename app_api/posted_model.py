"""A JSON body as the model that it is to be."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app_api.problem_handlers import validation_problem
from app_api.request_body import read_body, read_object

Body = TypeVar("Body", bound=BaseModel)


async def read_model(request: Request, model: type[Body], most_bytes: int) -> Body:
    """Read a body and check it.

    Args:
        request: What it comes with.
        model: What it is to be.
        most_bytes: Size of the largest body.

    Raises:
        ProblemError: It is too large, no JSON object, or has wrong members, which are named.
    """
    document = read_object(await read_body(request, most_bytes))
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise validation_problem(error) from None
