"""The files that pages load: ours, held in memory, and the bundle of Vega, made once per version.

The path of each names what it holds, so that browsers keep it for good and a new release is never
mixed with an old one. Ours share one digest, so that modules find each other by relative paths.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import os
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

logger = logging.getLogger("labelaudit.api")

_SNIPPET: Final = "export { vega, vegaLite, vegaEmbed };"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_DIGEST_LENGTH: Final = 16


@dataclass(frozen=True)
class WebFile:
    """A file as it is sent.

    Attributes:
        media_type: Of the content.
        plain: The content.
        packed: The same, by gzip.
    """

    media_type: str
    plain: bytes
    packed: bytes


class WebFiles:
    """What pages load.

    Args:
        cache_folder: Where the bundle of Vega is kept between starts.

    Attributes:
        digest: Of all our files; part of their paths.
        vega_key: Of the bundle of Vega: what it was made from, which decides what it holds.
    """

    def __init__(self, cache_folder: Path) -> None:
        self.digest, self._ours = _our_files()
        made_from = f"{version('vl-convert-python')} {_SNIPPET}"
        self.vega_key = hashlib.sha256(made_from.encode()).hexdigest()[:_DIGEST_LENGTH]
        self._kept = cache_folder / "web" / f"vega-{self.vega_key}.js.gz"
        self._vega: WebFile | None = None
        self._making = threading.Lock()

    def ours(self, path: str) -> WebFile | None:
        """Return one of our files by its path below `static/`, None where there is none."""
        return self._ours.get(path)

    def vega(self) -> WebFile:
        """Return Vega, Vega-Lite and Vega-Embed as one ES module.

        The first call on an installation makes it, in about two seconds; it needs no network.
        """
        with self._making:
            if self._vega is None:
                self._vega = self._kept_bundle() or self._new_bundle()
            return self._vega

    def _kept_bundle(self) -> WebFile | None:
        try:
            packed = self._kept.read_bytes()
            return WebFile(_TYPES[".js"], gzip.decompress(packed), packed)
        except (OSError, EOFError, ValueError):
            return None

    def _new_bundle(self) -> WebFile:
        import vl_convert

        plain = vl_convert.javascript_bundle(snippet=_SNIPPET).encode("utf-8")
        packed = gzip.compress(plain, 9, mtime=0)
        try:
            _write_whole(self._kept, packed)
        except OSError as error:
            # A full disk or a home that cannot be written costs time at the next start, no more.
            logger.warning("the bundle of Vega cannot be kept: %s", error.strerror)
        return WebFile(_TYPES[".js"], plain, packed)


@cache
def _our_files() -> tuple[str, dict[str, WebFile]]:
    found: dict[str, WebFile] = {}
    digest = hashlib.sha256()
    for path, source in sorted(_walk(files("app_api.web") / "static", "")):
        plain = source.read_bytes()
        digest.update(f"{path}\0{len(plain)}\0".encode() + plain)
        ending = path[path.rindex(".") :]
        found[path] = WebFile(_TYPES[ending], plain, gzip.compress(plain, 9, mtime=0))
    return digest.hexdigest()[:_DIGEST_LENGTH], found


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(tuple(_TYPES)):
            found.append((prefix + entry.name, entry))
    return found


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that others see whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".making-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
