"""Runs `labelaudit` commands, each in a fork of this process, which has loaded everything.

A command costs a second that way instead of four. Jobs come as JSON lines on standard input:
`{"argv": […], "env": {…}, "cwd": …, "out": path, "err": path, "die": null | […]}` starts one and is
answered with its process id; `{"poll": pid}` is answered with its status, or null while it runs.

`die` names a place at which the process kills itself as the system would (SIGKILL): a module, a
path of attributes in it, `before` or `after`, and at which call of it, counted from 1.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import sys
import traceback
import warnings
from typing import Any


def load() -> None:
    """Import what commands use, but start nothing that a fork would lose."""
    for name in (
        "labelaudit_dagster.cli",
        "labelaudit_dagster.definitions",
        "labelaudit_dagster.store.community_import",
        "labelaudit_dagster.commands.publish",
        "labelaudit_dagster.commands.run",
        "labelaudit_dagster.commands.import_data",
        "labelaudit_dagster.platform_client",
        "labelaudit_dagster.factorization",
        "labelaudit_dagster.constitution.charts",
        "alembic",
        "jax",
        "jax.numpy",
    ):
        importlib.import_module(name)


def die_at(module: str, path: str, when: str, call: int) -> None:
    """Arrange for the end of this process at that call of a function or method."""
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original = getattr(owner, name)
    calls = 0

    @functools.wraps(original)
    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls == call and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def become(job: dict[str, Any]) -> int:
    """Run the command in this process, which was forked for it, and return its exit code."""
    os.setsid()
    for number, mode, path in (
        (0, os.O_RDONLY, os.devnull),
        (1, os.O_WRONLY | os.O_CREAT, job["out"]),
        (2, os.O_WRONLY | os.O_CREAT, job["err"]),
    ):
        opened = os.open(path, mode, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    warnings.simplefilter("error")
    sys.argv = ["labelaudit", *job["argv"]]
    if job["die"]:
        die_at(*job["die"])
    from labelaudit_dagster.cli import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def serve() -> None:
    """Answer jobs until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    load()
    # Importing JAX makes every later fork warn; its threads start with the first computation.
    warnings.filterwarnings("ignore", message=".*fork.*")
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        if "poll" in job:
            pid, status = os.waitpid(job["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                code = 1
                try:
                    code = become(job)
                    sys.stdout.flush()
                    sys.stderr.flush()
                finally:
                    os._exit(code)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
