"""Good manners towards a platform that has none.

Fetches the export and sends the constitution within set limits of time, size and attempts;
`docs/platform.md` has the contract. Nothing here imports Dagster or the database.
"""

from __future__ import annotations

from labelaudit_dagster.platform_client.answer import Answer, Unacceptable
from labelaudit_dagster.platform_client.api_key import ApiKey, clean_api_key
from labelaudit_dagster.platform_client.call import Call, Service
from labelaudit_dagster.platform_client.caller import HttpCaller
from labelaudit_dagster.platform_client.client import (
    ExportSnapshot,
    NotModified,
    PlatformClient,
    Probe,
    Receipt,
)
from labelaudit_dagster.platform_client.errors import (
    BadAnswer,
    DeadlineExceeded,
    Misconfigured,
    PlatformError,
    Rejected,
    Unreachable,
)
from labelaudit_dagster.platform_client.policy import HttpPolicy

__all__ = [
    "Answer",
    "ApiKey",
    "BadAnswer",
    "Call",
    "DeadlineExceeded",
    "ExportSnapshot",
    "HttpCaller",
    "HttpPolicy",
    "Misconfigured",
    "NotModified",
    "PlatformClient",
    "PlatformError",
    "Probe",
    "Receipt",
    "Rejected",
    "Service",
    "Unacceptable",
    "Unreachable",
    "clean_api_key",
]
