"""`labelaudit dagster`: the Dagster UI and daemon on this home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import say
from labelaudit_dagster.ending_together import Starter, ending_together
from labelaudit_dagster.home import exclusive, prepare_home
from labelaudit_dagster.settings import Settings

_PATIENCE_SECONDS = 20.0
_ENDED_BY_US = frozenset({0, -signal.SIGINT, -signal.SIGTERM})


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
def dagster(host: str, port: int) -> None:
    """Start the Dagster UI and its daemon on this home; end them with Ctrl-C.

    The daemon turns new ratings into constitutions and new labels into personal models by itself.
    Unlike a plain `dagster dev`, this shows the runs that the command line started.
    """
    settings = opening.settings()
    prepare_home(settings)
    address = settings.dagster_url or f"http://{host}:{port}"
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(settings.dagster_home),
        "LABELAUDIT_HOME": str(settings.home),
        "LABELAUDIT_DAGSTER_URL": address,
    }
    arguments = [
        *(sys.executable, "-m", "dagster", "dev"),
        *("--module-name", "labelaudit_dagster.definitions"),
        *("--host", host, "--port", str(port)),
    ]
    # Two daemons on one home would ask for everything twice.
    with (
        exclusive(settings, "dagster", wait_seconds=0),
        ending_together(
            settings.dagster_processes_lock,
            waiting=lambda: say("Waiting for the processes of one that was killed to end."),
        ) as starter,
    ):
        say(f"Dagster on {settings.home}: http://{host}:{port}")
        say(_what_happens(settings))
        sys.exit(_run_until_ended(starter, arguments, environment))


def _what_happens(settings: Settings) -> str:
    where = settings.platform_url or "the embedded platform"
    published = (
        f"and what the gate passes is published to {where}"
        if settings.auto_publish
        else "and published by `labelaudit publish` alone"
    )
    return f"New ratings become a constitution by themselves, {published}; labels become models."


def _run_until_ended(starter: Starter, arguments: list[str], environment: dict[str, str]) -> int:
    """Run a program; Ctrl-C and SIGTERM end it once, and it is waited for. A second one kills it.

    It has a process group of its own, since Dagster, interrupted twice, leaves children behind.
    """
    started: list[subprocess.Popen[bytes]] = []
    told: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        told.append(number)
        for process in started:
            if len(told) == 1:
                process.send_signal(signal.SIGINT)
            else:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        process = starter.start(arguments, env=environment)
        started.append(process)
        if told:
            process.send_signal(signal.SIGINT)
        code = process.wait()
        _end_group(process.pid)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    return 0 if told and code in _ENDED_BY_US else abs(code)


def _end_group(group: int) -> None:
    """End what is left of a process group: the code server, and runs at work, which then fail."""
    for number, patience in ((signal.SIGTERM, _PATIENCE_SECONDS), (signal.SIGKILL, 2.0)):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + patience
        while time.monotonic() < until and _is_there(group):
            time.sleep(0.1)


def _is_there(group: int) -> bool:
    """Whether a process group has members; dead ones that became our children are buried."""
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG) != (0, 0):
            pass
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
