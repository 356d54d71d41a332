"""Reading parameters as IndieLabel's client sends them: JavaScript's nothing, lists, flags."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app_api.problem_handlers import validation_problem
from app_api.problems import field_problem
from app_api.request_body import read_object

NOTHING: Final = frozenset({"", "null", "undefined"})
"""What URLSearchParams makes of JavaScript's null, undefined and an empty list."""

_LARGEST_ID_DIGITS: Final = 18


def given(value: Any) -> Any:
    """Return None for what means "not given", anything else unchanged."""
    if isinstance(value, str):
        if value in NOTHING:
            return None
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError("is no valid Unicode text") from None
    return value


def _flag(value: Any) -> Any:
    value = given(value)
    if value is None or isinstance(value, bool):
        return bool(value)
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _ids(value: Any) -> Any:
    # A query holds the parameter once, with commas; FastAPI hands over all of its values.
    texts = value if isinstance(value, list | tuple) else (value,)
    found = []
    for part in ",".join(str(text) for text in texts if text is not None).split(","):
        text = part.strip()
        if text in NOTHING:
            continue
        if not (text.isascii() and text.isdecimal()):
            raise ValueError("must be whole numbers between commas")
        # What is larger is no id of a comment, and names none.
        if len(text.lstrip("0")) <= _LARGEST_ID_DIGITS:
            found.append(int(text))
    return tuple(found)


GivenText = Annotated[str | None, BeforeValidator(given)]
"""A text, or None where nothing was given."""

GivenCount = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(given)]
"""A whole number of 0 or more, or None where nothing was given."""

GivenFlag = Annotated[bool, BeforeValidator(_flag)]
"""`true` or `false`; not given means false."""

GivenIds = Annotated[tuple[int, ...], BeforeValidator(_ids)]
"""Whole numbers between commas; not given means none."""


class Parameters(BaseModel):
    """Parameters of a compatible route; unknown ones are ignored, as the client sends many."""

    model_config = ConfigDict(extra="ignore", frozen=True)


P = TypeVar("P", bound=Parameters)


def parameters_from(model: type[P], body: bytes) -> P:
    """Read parameters from the JSON object that a POST brought.

    Raises:
        ProblemError: It is no strict JSON object, or a value cannot be accepted.
    """
    try:
        return model.model_validate(read_object(body))
    except ValidationError as error:
        raise validation_problem(error) from None


def required(value: str | None, field: str) -> str:
    """Return a text that a route cannot do without.

    Raises:
        ProblemError: It was not given.
    """
    if value is None:
        raise field_problem("invalid-value", field, "is missing")
    return value
