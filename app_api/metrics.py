"""Figures for Prometheus: how many requests, how long they took, what is held in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNROUTED: Final = "none"
"""Stands for the route of a request that found none: a stranger's path is no label."""


class Metrics:
    """The figures of one application.

    Labels are methods, route templates and status codes, hence few, and never what somebody sent.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "labelaudit_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "labelaudit_http_request_seconds",
            "Time from a request to the end of its answer (s).",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._active = Gauge(
            "labelaudit_http_requests_active", "Requests at hand.", registry=self._registry
        )

    def gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Add a figure that is read when somebody asks.

        Args:
            name: Of the figure, with its unit, without the project's name.
            description: One sentence.
            read: Returns the figure; cheap and safe in any thread.
        """
        Gauge(f"labelaudit_{name}", description, registry=self._registry).set_function(read)

    def begin(self) -> None:
        """Note that a request came."""
        self._active.inc()

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note that a request was answered.

        Args:
            method: HTTP method; an unknown one counts as `other`.
            route: Template of its route, or `UNROUTED`.
            status: Of the answer; 0 where none was sent.
            seconds: It took.
        """
        shown = method if method in _METHODS else "other"
        self._active.dec()
        self._requests.labels(shown, route, str(status)).inc()
        self._seconds.labels(shown, route).observe(seconds)

    def exposition(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
