"""`labelaudit serve`: the web app and the HTTP API of this home."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from labelaudit_dagster.commands import opening
from labelaudit_dagster.commands.console import say
from labelaudit_dagster.home import prepare_home


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 for any that is free.",
)
def serve(host: str, port: int) -> None:
    """Serve the web app and the API of this home; end it with Ctrl-C.

    Without any token, programs on this machine may do everything. Other addresses than this
    machine's own need a token first: labelaudit token create
    """
    from app_api import create_app
    from app_api.listening import is_private, listen, shown_address
    from app_api.serving import check_protection, run_server
    from labelaudit_dagster.store import Database

    settings = opening.settings()
    prepare_home(settings)
    with (
        Database.open(settings.resolved_database_url) as database,
        listen(host, port) as listener,
    ):
        private = is_private(listener)
        guarded = check_protection(database, private=private, now=datetime.now(UTC))
        address = shown_address(listener)
        say(f"LabelAudit on {settings.home}: {address}/app  (its API: {address}/docs)")
        if not guarded:
            say(
                "There are no tokens: every program on this machine may do everything. "
                "Make one with: labelaudit token create --role operator"
            )
        if not private:
            say("Requests travel unencrypted; put a proxy with TLS in front of open networks.")
        run_server(create_app(settings, database=database), listener)
