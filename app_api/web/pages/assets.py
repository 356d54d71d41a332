"""Files that pages load: for everybody, to be kept for good."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app_api.problems import ProblemError
from app_api.services import Provided
from app_api.web.web_files import WebFile

router = APIRouter(prefix="/app", include_in_schema=False)

_FOR_GOOD: Final = "public, max-age=31536000, immutable"


@router.get("/static/{digest}/{path:path}")
def static_file(request: Request, services: Provided, digest: str, path: str) -> Response:
    """Give one of our files; under another release's digest there is none."""
    found = services.web.ours(path) if digest == services.web.digest else None
    if found is None:
        raise ProblemError("not-found", "There is no such file in this release; reload the page.")
    return _answer(request, found)


@router.get("/vega/{key}/vega.js")
def vega_bundle(request: Request, services: Provided, key: str) -> Response:
    """Give Vega, Vega-Lite and Vega-Embed as one module."""
    if key != services.web.vega_key:
        raise ProblemError("not-found", "There is no such file in this release; reload the page.")
    return _answer(request, services.web.vega())


def _answer(request: Request, file: WebFile) -> Response:
    headers = {
        "Cache-Control": _FOR_GOOD,
        "Content-Type": file.media_type,
        "Vary": "Accept-Encoding",
    }
    accepted = request.headers.get("accept-encoding", "")
    if "gzip" in [part.partition(";")[0].strip().lower() for part in accepted.split(",")]:
        return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.plain, headers=headers)
