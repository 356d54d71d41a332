"""Prolific: which studies there are, and the demographics of who took part in them.

`docs/demographics.md` has the contract. Nothing here imports Dagster or the database.
"""

from __future__ import annotations

from labelaudit_dagster.prolific_client.client import PROLIFIC, ProlificClient

__all__ = ["PROLIFIC", "ProlificClient"]
