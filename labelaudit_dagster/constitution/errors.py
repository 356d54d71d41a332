"""The one class of expected failures in this package."""

from __future__ import annotations


class ConstitutionError(ValueError):
    """Input from which no honest constitution can be derived; the message names the field."""
