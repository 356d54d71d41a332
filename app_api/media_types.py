"""In which form an answer is wanted: the parameter `format`, or the header Accept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Form = TypeVar("Form", bound=str)


def wanted_form(
    given: Form | None, accept: str | None, forms: Mapping[str, Form], default: Form
) -> Form:
    """Return in which form something is wanted (RFC 9110, section 12.5.1).

    Args:
        given: The query parameter `format`, which comes before the header.
        accept: The header `Accept`. Of several media types the one with the highest weight counts,
            of equal ones the first.
        forms: Form by media type, in small letters.
        default: For what is none of ours.
    """
    if given is not None:
        return given
    best: tuple[float, Form] = (0.0, default)
    for media_type, weight in weighted(accept):
        form = forms.get(media_type)
        if form is not None and weight > best[0]:
            best = (weight, form)
    return best[1]


def weighted(header: str | None) -> list[tuple[str, float]]:
    """Return the entries of an Accept header in small letters, with their weights (`q`)."""
    entries = []
    for part in (header or "").split(","):
        entry, *parameters = (piece.strip().lower() for piece in part.split(";"))
        entries.append((entry, _weight(parameters)))
    return entries


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
