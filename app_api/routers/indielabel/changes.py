"""When a GET may change something: only where the original client works on its own machine."""

from __future__ import annotations

from fastapi import Request

from app_api.callers import Caller
from app_api.foreign_pages import check_origin
from app_api.problems import ProblemError
from app_api.services import Services


def check_change_by_get(request: Request, caller: Caller, services: Services) -> None:
    """End a GET that would change something outside of the compatibility mode.

    The original client changes things by GET. That is accepted from this machine while the
    installation has no tokens, and from pages of this server; everybody else sends POST.

    Raises:
        ProblemError: `method-not-allowed`, or `foreign-page` where a page of another site asks.
    """
    if not caller.local:
        raise ProblemError(
            "method-not-allowed",
            "This changes something, which GET may do only on an installation without tokens. "
            "Send POST with the same names in a JSON object.",
            headers={"Allow": "POST"},
        )
    check_origin(request, services.settings)
