"""Reading constitutions from materialised artifacts: any version, one generation at a time."""

from __future__ import annotations

from app_api.constitutions.history import PublishedAs, published_versions
from app_api.constitutions.reader import ConstitutionReader, ConstitutionView, Reading

__all__ = [
    "ConstitutionReader",
    "ConstitutionView",
    "PublishedAs",
    "Reading",
    "published_versions",
]
