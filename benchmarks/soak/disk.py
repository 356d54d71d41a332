"""A small disk of its own for the home, where this machine lets us have one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_ROOMY = "2g"


class SmallDisk:
    """A tmpfs that can be made full at once and roomy again; needs root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mounted = False

    def mount(self) -> bool:
        """Mount it; False where that is not allowed here."""
        if os.geteuid() != 0 or shutil.which("mount") is None:
            return False
        self.mounted = self._mount("size=" + _ROOMY, "tmpfs", kind=("-t", "tmpfs"))
        return self.mounted

    def fill(self) -> bool:
        """Leave no room."""
        found = os.statvfs(self._folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        return self._mount(f"remount,size={used}")

    def free(self) -> bool:
        """Give room again."""
        return self._mount(f"remount,size={_ROOMY}")

    def unmount(self) -> None:
        """Take it away with everything on it."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self._folder)], check=False, capture_output=True)

    def _mount(self, options: str, *device: str, kind: tuple[str, ...] = ()) -> bool:
        line = ["mount", *kind, "-o", options, *device, str(self._folder)]
        return subprocess.run(line, check=False, capture_output=True).returncode == 0
