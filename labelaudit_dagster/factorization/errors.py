"""Errors that factorization raises on purpose."""

from __future__ import annotations


class FactorizationError(ValueError):
    """The ratings or the parameters cannot be used; the message says which and what to do."""
