"""Reports for AVID, the AI Vulnerability Database.

The form is that of AVID's report data model as published in the package avidtools (AVID's
developers, Apache License 2.0, https://github.com/avidml/avidtools), its categories those of AVID's
taxonomy 0.2 (https://avidml.gitbook.io/doc/taxonomy). Fields that are not known are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from labelaudit_dagster.auditing.reports.audit_report import AuditReport, Evidence

TAXONOMY_VERSION: Final = "0.2"
LANGUAGE: Final = "eng"
_LONGEST_SUMMARY: Final = 300


@dataclass(frozen=True)
class SepCategory:
    """A category of AVID's SEP view (security, ethics, performance).

    Attributes:
        name: As AVID writes it, "P0204: Accuracy".
        risk_domain: "Security", "Ethics" or "Performance".
    """

    name: str
    risk_domain: str


SEP_CATEGORIES: Final[Mapping[str, SepCategory]] = {
    "Accuracy": SepCategory("P0204: Accuracy", "Performance"),
    "Bias/Discrimination": SepCategory("E0100: Bias/ Discrimination", "Ethics"),
    "Adversarial Example": SepCategory("S0403: Adversarial Example", "Security"),
    "Other": SepCategory("P0200: Model issues", "Performance"),
}
"""Category of each kind of harm that a person can choose."""


def sep_category(selection: str) -> SepCategory:
    """Return the category of a kind of harm; of none and of an unknown one, that of "Other"."""
    return SEP_CATEGORIES.get(selection, SEP_CATEGORIES["Other"])


@dataclass(frozen=True)
class AvidCredit:
    """Whom AVID is to credit, and may show to everybody.

    Attributes:
        name: As the person wants to be named; "" for nobody.
        email: Where AVID may ask; "" for nowhere.
    """

    name: str = ""
    email: str = ""

    def to_value(self) -> str:
        """Return name and address as one text, "" without both."""
        if self.name and self.email:
            return f"{self.name} <{self.email}>"
        return self.name or self.email


def avid_document(
    report: AuditReport,
    *,
    system_name: str,
    now: datetime,
    credit: AvidCredit | None = None,
) -> dict[str, Any]:
    """Return a report in AVID's form, strict JSON.

    Args:
        report: The report; need not be complete.
        system_name: Name of the audited system.
        now: The time; its date in UTC becomes the date of the report.
        credit: Whom to credit; by default nobody.
    """
    category = sep_category(report.sep_selection)
    document: dict[str, Any] = {
        "data_type": "AVID",
        "affects": {
            "developer": [],
            "deployer": [],
            "artifacts": [{"type": "System", "name": system_name}],
        },
        "problemtype": {
            "classof": "Undefined",
            "type": "Detection",
            "description": _text(_summary(report, system_name)),
        },
        "metrics": [_metric(entry, report) for entry in report.evidence],
        "references": [],
        "description": _text(_description(report, system_name)),
        "impact": {
            "avid": {
                "vuln_id": None,
                "risk_domain": [category.risk_domain],
                "sep_view": [category.name],
                "lifecycle_view": ["L05: Evaluation"],
                "taxonomy_version": TAXONOMY_VERSION,
            }
        },
        "reported_date": f"{now:%Y-%m-%d}",
    }
    named = credit.to_value() if credit is not None else ""
    if named:
        document["credit"] = [_text(named)]
    return document


def _metric(entry: Evidence, report: AuditReport) -> dict[str, Any]:
    row = entry.row
    return {
        "name": report.error_type or "Decision of the system on a comment",
        "detection_method": {
            "type": "Static Threshold",
            "name": "Personal model of an end user against the system's rating",
        },
        "results": {
            "feature": row.get("topic"),
            "model_score": row.get("persp_score"),
            "ori_input": row.get("comment"),
            "personal_model_score": row.get("user_rating"),
            "user_decision": row.get("user_decision"),
        },
    }


def _text(value: str) -> dict[str, str]:
    return {"lang": LANGUAGE, "value": value}


def _summary(report: AuditReport, system_name: str) -> str:
    """Return one line that says what the report is about."""
    title = " ".join(report.title.split())[:_LONGEST_SUMMARY]
    parts = [part for part in (report.error_type, title) if part]
    return f"End-user audit of {system_name}: {'; '.join(parts) or 'report without a title'}"


def _description(report: AuditReport, system_name: str) -> str:
    return report.text_entry.strip() or _summary(report, system_name)
