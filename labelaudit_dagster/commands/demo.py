"""`labelaudit demo`: everything on the built-in sample."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import progress
from labelaudit_dagster.commands.constitution import show_constitution
from labelaudit_dagster.commands.demo_audit import audit_sample, show_sample_audit
from labelaudit_dagster.commands.import_data import store_community
from labelaudit_dagster.commands.run import compute_constitution
from labelaudit_dagster.ending_together import ending_together
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.settings import Settings

PREFERRED_PORT = 8000
START_SECONDS = 60.0


class DemoError(ExpectedFailure, RuntimeError):
    """The demo's own server did not start."""


@click.command()
def demo() -> None:
    """Run everything on the built-in sample, and show the constitution and an audit.

    The sample is a simulated community with a majority and a minority, written for this purpose:
    some guidelines are planted to please everybody, some only the majority. The embedded platform
    serves its ratings; the pipeline pulls them, computes, and publishes the constitution to it.

    Beside it a simulated forum with a moderation system that has two planted faults: a simulated
    person labels twenty comments, and the audit says where the system goes wrong for that person.
    """
    from labelaudit_dagster.sample import community

    settings = opening.settings()
    with progress("importing the built-in sample") as tell:
        store_community(settings, community(), "refuse", datetime.now(UTC))
        tell("starting the embedded platform")
        with _embedded_platform(settings) as remote:
            compute_constitution(
                remote, options={}, skip_uncertainty=False, publish=True, tell=tell
            )
            published = _published_parameters(remote)
        audit_sample(settings, tell)
    store = opening.artifact_store(settings)
    show_constitution(store, everything=False)
    click.echo(_majority_note(store))
    click.echo(
        f"\nThe ratings came from {remote.platform_url} and the constitution went there; its next "
        f"export carries the parameters\nof {published['guidelines']:,} guidelines and "
        f"{published['users']:,} people. Publishing it again would send nothing."
    )
    show_sample_audit(settings)
    click.echo(_what_next(settings.home))


@contextmanager
def _embedded_platform(settings: Settings) -> Iterator[Settings]:
    """Serve this home in a process of its own; yields settings that use it as the platform."""
    port = _free_port()
    command = [sys.executable, "-m", "labelaudit_dagster.cli", "serve", "--port", str(port)]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "LABELAUDIT_PLATFORM_URL"},
        "LABELAUDIT_HOME": str(settings.home),
    }
    log = settings.cache_folder / "demo-server.log"
    with log.open("wb") as lines, _key(settings) as key, ending_together() as starter:
        server = starter.start(command, env=environment, output=lines, stdin=subprocess.DEVNULL)
        try:
            _wait_until_ready(server, port, log)
            yield settings.model_copy(
                update={
                    "platform_url": f"http://127.0.0.1:{port}/api/openapi",
                    "platform_api_key": key,
                }
            )
        finally:
            server.terminate()
            server.wait(timeout=60)


@contextmanager
def _key(settings: Settings) -> Iterator[Any]:
    """Yield a key for the platform: any, while there are no tokens; else one for this demo."""
    from pydantic import SecretStr

    from labelaudit_dagster.store import Database, create_token, is_guarded, revoke_token

    now = datetime.now(UTC)
    with Database.open(settings.resolved_database_url) as database:
        if not is_guarded(database):
            yield SecretStr("demo")
            return
        token, text = create_token(
            database, "pipeline", now=now, label="demo", expires_at=now + timedelta(hours=1)
        )
        try:
            yield SecretStr(text)
        finally:
            revoke_token(database, token.token_id, now=datetime.now(UTC))


def _free_port() -> int:
    """Return the preferred port, or another one where it is taken."""
    for port in (PREFERRED_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No port of 127.0.0.1 is free; end some other program.")


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server accepts connections.

    Raises:
        DemoError: if it ended, or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise DemoError(f"The embedded platform did not start; {log} says why.")


def _published_parameters(remote: Settings) -> dict[str, int]:
    """Count whose published parameters the platform's next export carries."""
    import orjson

    from labelaudit_dagster.platform_client import NotModified
    from labelaudit_dagster.resources.constitution_target import platform_client

    answer = platform_client(remote).fetch_export(ratings=False)
    if isinstance(answer, NotModified):
        raise DemoError("The embedded platform answered a condition that was not set.")
    export = orjson.loads(answer.body)
    return {
        name: sum(entry.get("intercept") is not None for entry in export[name])
        for name in ("guidelines", "users")
    }


def _majority_note(store: Any) -> str:
    """Say what plain majority voting would have done with the guidelines planted to divide."""
    from labelaudit_dagster.current_constitution import read_current_constitution
    from labelaudit_dagster.sample import planted

    current = read_current_constitution(store)
    if current is None:
        return ""
    kinds = dict(planted().itertuples(index=False, name=None))
    least = current.document["parameters"]["min_support"]
    dividing = [
        row
        for row in current.document["guidelines"]
        if kinds.get(row["guideline_id"]) == "polarising"
        and row["status"] != "accepted"
        and (row["raw_support"] or 0) >= least
    ]
    if not dividing:
        return ""
    worst = max(dividing, key=lambda row: row["raw_support"])
    return (
        f"\nPlain majority voting (support of at least {least:.0%}) would also accept "
        f"{len(dividing)} guidelines that were\nplanted to divide the community, such as "
        f'"{worst["text"]}" ({worst["raw_support"]:.0%}).'
    )


def _what_next(home: Path) -> str:
    """What to type next, with the home named where it is not the default one."""
    shown = str(home.relative_to(Path.cwd())) if home.is_relative_to(Path.cwd()) else str(home)
    prefix = "" if shown == ".labelaudit" else f"LABELAUDIT_HOME={shown} "
    called = Path(sys.argv[0]).absolute()
    inside = called.is_relative_to(Path.cwd())
    program = str(called.relative_to(Path.cwd())) if inside else "labelaudit"
    steps = [
        (f"{prefix}{program} constitution --all", "every guideline, with reasons"),
        (f"{prefix}{program} audit demo", "every topic in which the system disagrees"),
        (f"{prefix}{program} dagster", "the graph, its pictures and checks: the Dagster UI"),
        (f"{prefix}{program} serve", "the web app, and routes for other programs"),
        (f"{program} import export FILE.json", "your own ratings, in the home ./.labelaudit"),
        (f"{program} import polis FOLDER", "or a Polis conversation"),
        (f"{program} import ratings FILE.csv", "your own comments, to audit a system with"),
    ]
    width = max(len(command) for command, _ in steps)
    listed = "\n".join(f"  {command:<{width}}  {meaning}" for command, meaning in steps)
    return (
        f"\nWhat next:\n{listed}\n\n"
        f"Rate, label and audit in your browser: {prefix}{program} serve\n"
        f"and then open http://127.0.0.1:{PREFERRED_PORT}/app"
    )
