"""A foreign web client's files, served at `/` where no route of ours is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from labelaudit_dagster.settings import SettingsError

INDEX: Final = "index.html"

CLIENT_POLICY: Final = (
    "default-src 'self'; "
    # Vega compiles its expressions, and draws with inline styles.
    "script-src 'self' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline' https://fonts.googleapis.com https://unpkg.com; "
    "font-src 'self' data: https://fonts.gstatic.com; "
    "img-src 'self' data: blob:; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""Content-Security-Policy of the client's files: scripts and requests of this server alone.

IndieLabel's page asks two other servers for a style sheet and its fonts; without them it works,
with other letters.
"""

_HEADERS: Final = {
    "Content-Security-Policy": CLIENT_POLICY,
    "Cache-Control": "no-cache",
    # The page's own scripts read charts from its own address.
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ClientFiles:
    """Answers GET with files of one folder, and everything else as `otherwise` does.

    Args:
        folder: The client's folder; its `index.html` is the page.
        otherwise: Answers paths without a file.

    Raises:
        SettingsError: The folder is none, or holds no `index.html`.
    """

    def __init__(self, folder: Path, otherwise: ASGIApp) -> None:
        if not (folder / INDEX).is_file():
            raise SettingsError(
                f"LABELAUDIT_CLIENT_DIR: {folder} holds no {INDEX}. Name the folder of a built web "
                "client, or unset the variable."
            )
        self._files = StaticFiles(directory=folder, follow_symlink=False)
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no route wants."""
        answer = None
        if scope["type"] == "http" and scope["method"] == "GET":
            answer = await self.answer(scope)
        await (self._otherwise if answer is None else answer)(scope, receive, send)

    async def answer(self, scope: Scope) -> Response | None:
        """Return the answer to a request for a file, None where there is no such file.

        Folders have no listing. Hidden files, links that lead out of the folder, and devices are
        not served.
        """
        path = str(scope["path"]).removeprefix("/") or INDEX
        if not _is_plain(path):
            return None
        try:
            response = await self._files.get_response(path, scope)
        except (HTTPException, OSError, ValueError):
            return None
        for name, value in _HEADERS.items():
            response.headers[name] = value
        return response


def _is_plain(path: str) -> bool:
    """Tell whether a path is one of ordinary names: no way up, nothing hidden, no tricks."""
    parts = path.split("/")
    return (
        all(part and not part.startswith(".") for part in parts)
        and path.isprintable()
        and "\\" not in path
    )
