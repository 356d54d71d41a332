"""The HTTP API and web app of LabelAudit."""

from __future__ import annotations

from app_api.application import create_app

__all__ = ["create_app"]
