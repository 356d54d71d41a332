"""Reports about a system: what they hold, when they are complete, and their form for AVID."""

from __future__ import annotations

from labelaudit_dagster.auditing.reports.audit_report import (
    AuditReport,
    Evidence,
    contract_evidence,
)
from labelaudit_dagster.auditing.reports.avid_document import (
    SEP_CATEGORIES,
    AvidCredit,
    SepCategory,
    avid_document,
    sep_category,
)

__all__ = [
    "SEP_CATEGORIES",
    "AuditReport",
    "AvidCredit",
    "Evidence",
    "SepCategory",
    "avid_document",
    "contract_evidence",
    "sep_category",
]
