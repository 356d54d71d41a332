"""A tiny program that lives a few seconds longer than its parent, to end what that has started.

A process that is killed with `kill -9` cannot end its children. The system closes its end of a
pipe though, whatever became of it, and that is what this waits for. Linux could also send each
child a signal when its parent dies, but to that child alone: what a child has started in turn (code
servers, runs at work) would live on, and the signal comes when the *thread* ends that started it.

Runs by its path, in an interpreter without packages, so that it starts in milliseconds and costs
a few megabytes: it imports nothing of ours. Arguments: seconds between asking processes to end and
killing them, and, where there is one, a file to hold locked until they are gone. Standard input:
numbers of process groups, one a line. Standard output: a byte once the lock is held.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence

_KILLED_SECONDS = 2.0
"""Longest wait for the system to bury what was killed."""
_STEP_SECONDS = 0.05


def main(arguments: Sequence[str]) -> int:
    """Wait until the parent is gone or has closed the pipe, and end what is left."""
    patience = float(arguments[0])
    # Whoever ends our parent in an orderly way needs no help, and ends us by closing the pipe.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for path in arguments[1:]:
        # Kept open, and so locked, until this process ends. Its time says since when.
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
        os.utime(held)
    os.write(1, b"+")
    os.close(1)
    told = b""
    while read := os.read(0, 4096):
        told += read
    end_groups({int(line) for line in told.split() if line.isdigit()} - {0, 1}, patience)
    return 0


def end_groups(groups: Iterable[int], patience: float) -> None:
    """Ask every process of some groups to end, and kill what has not after a while."""
    left = set(groups)
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, _KILLED_SECONDS)):
        left = {group for group in left if _is_sent(group, number)}
        until = time.monotonic() + seconds
        while left and time.monotonic() < until:
            time.sleep(_STEP_SECONDS)
            left = {group for group in left if _is_sent(group, 0)}


def _is_sent(group: int, number: int) -> bool:
    """Send a signal to a group; return whether there was anybody to get it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
