"""Handing reports to AVID, the AI Vulnerability Database, or to a service of the same form.

`docs/reports.md` has the contract. Nothing here imports Dagster.
"""

from __future__ import annotations

from labelaudit_dagster.avid_client.client import AVID, AvidClient, AvidReceipt

__all__ = ["AVID", "AvidClient", "AvidReceipt"]
