"""Running the application under uvicorn until a signal ends it."""

from __future__ import annotations

import logging.config
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app_api.server_log import log_configuration
from app_api.services import Services
from labelaudit_dagster.failures import ExpectedFailure
from labelaudit_dagster.store import Database, is_guarded, list_tokens

LARGEST_HEAD_BYTES = 256 * 1024
"""Of request line and headers: web clients of this kind put long lists into query strings."""

_GRACE_SECONDS = 30


class UnprotectedError(ExpectedFailure, RuntimeError):
    """Others could reach the server, and there is no token to tell them apart."""


def check_protection(database: Database, *, private: bool, now: datetime) -> bool:
    """Refuse to be open to a network without tokens.

    Args:
        database: Where the tokens are.
        private: Whether only this machine can reach the server.
        now: The time, with a zone.

    Returns:
        Whether requests need a token or a session.

    Raises:
        UnprotectedError: It is not private, and no token is valid.
    """
    tokens = list_tokens(database)
    if not private and not any(token.is_valid(now) for token in tokens):
        raise UnprotectedError(
            "Other machines could reach this address, and there is no valid token yet. Make one "
            "with `labelaudit token create --role operator`, or listen on 127.0.0.1."
        )
    return is_guarded(database)


def server_configuration(app: FastAPI) -> uvicorn.Config:
    """Return how uvicorn serves the application."""
    return uvicorn.Config(
        app,
        # The one parser of uvicorn whose limit for headers can be set.
        http="h11",
        h11_max_incomplete_event_size=LARGEST_HEAD_BYTES,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def run_server(app: FastAPI, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests at hand and return.

    Args:
        app: The application.
        listener: A listening socket; it is closed at the end.
    """
    services: Services = app.state.services
    logging.config.dictConfig(log_configuration(services.settings.log_format))
    with _ended_by_signals():
        uvicorn.Server(server_configuration(app)).run(sockets=[listener])


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a signal that ended the server count as a normal end.

    uvicorn raises it once more after its shutdown, for whoever handled it before.
    """

    def ignore(_number: int, _frame: FrameType | None) -> None:
        pass

    before = {number: signal.signal(number, ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
