"""Programs that end when the process that started them does, also where that is killed."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from labelaudit_dagster import group_watcher
from labelaudit_dagster.failures import ExpectedFailure

PATIENCE_SECONDS = 5.0
"""How long processes whose parent was killed may take to end by themselves."""
_SOON_SECONDS = 0.5
_WITHOUT_PACKAGES = (sys.executable, "-I", "-S")
_ANNOUNCED = """\
import os, sys
pipe = int(sys.argv[1])
try:
    os.write(pipe, b"%d\\n" % os.getpid())
except OSError:
    pass  # the watcher was killed: the program runs without it
os.close(pipe)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Tells the watcher which group begins here, and becomes the program.

Told by the parent, a group would live on whose parent was killed between starting and telling. And
a function between fork and exec would be no good in a process with threads.
"""


class WatcherError(ExpectedFailure, RuntimeError):
    """The process that would end programs after us did not start."""


class Starter:
    """Starts programs, each as the first of a process group, that end with this process."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def start(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        stdin: int | IO[Any] | None = None,
        output: int | IO[Any] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program of ours; no shell sees its arguments.

        Args:
            arguments: the path of the program, and its arguments.
            env: its whole environment.
            stdin: its standard input; by default ours.
            output: where standard output and standard error go; by default where ours go.
        """
        return subprocess.Popen(  # noqa: S603 - programs of ours with fixed arguments
            [*_WITHOUT_PACKAGES, "-c", _ANNOUNCED, str(self._pipe), *arguments],
            env=dict(env),
            stdin=stdin,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(self._pipe,),
        )


@contextmanager
def ending_together(
    lock: Path | None = None, *, waiting: Callable[[], None] = lambda: None
) -> Iterator[Starter]:
    """Yield what starts programs that end with this process, or with the block.

    Args:
        lock: a file that is locked until all of them are gone, longer than this process lives
            where it is killed; waits for those of another process before.
        waiting: is called where that takes a while.

    Raises:
        WatcherError: if that cannot be promised.
    """
    read, write = os.pipe()
    arguments = [str(PATIENCE_SECONDS), *([] if lock is None else [str(lock)])]
    try:
        watcher = subprocess.Popen(  # noqa: S603 - our own program with fixed arguments
            [*_WITHOUT_PACKAGES, group_watcher.__file__, *arguments],
            stdin=read,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        os.close(write)
        raise WatcherError(
            f"No process can be started ({error.strerror}). End some other program."
        ) from error
    finally:
        os.close(read)
    try:
        assert watcher.stdout is not None  # noqa: S101 - it was asked for
        with watcher.stdout as ready:
            if not select.select([ready], [], [], _SOON_SECONDS)[0]:
                waiting()
            if not ready.read(1):
                raise WatcherError(
                    "The process that would end programs after this one did not start. "
                    "What it wrote above says why."
                )
        yield Starter(write)
    finally:
        os.close(write)
        watcher.wait()


def together_since(lock: Path) -> float | None:
    """Return when the present programs under a lock began, in seconds since 1970.

    All that were under it before had ended by then. None where there are no programs now.
    """
    try:
        began = lock.stat().st_mtime
        probe = FileLock(lock)
        probe.acquire(timeout=0)
    except Timeout:
        return began
    except OSError:
        return None
    probe.release()
    return None
