"""Reports as JSON: what is sent, and what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from labelaudit_dagster.auditing.reports import AuditReport
from labelaudit_dagster.store import StoredReport

LONGEST_TITLE: Final = 500
LONGEST_TEXT: Final = 20_000
MOST_EVIDENCE: Final = 100
MOST_REPORTS: Final = 200
"""Of one person for one model."""

MAX_BODY_BYTES: Final = 4 * 1024 * 1024

ErrorType = Literal[
    "", "System is under-sensitive", "System is over-sensitive", "Show errors and non-errors"
]
Harm = Literal["", "Accuracy", "Bias/Discrimination", "Adversarial Example", "Other"]

Title = Annotated[
    str,
    Field(
        max_length=LONGEST_TITLE,
        description="What it is about; `Topic: NAME` where that is a topic.",
        examples=["Topic: 3_squad_boss_raid_loot"],
    ),
]
Text = Annotated[
    str, Field(max_length=LONGEST_TEXT, description="What is wrong, in the person's words.")
]


class PostedEvidence(BaseModel):
    """A comment as evidence. Other members, such as those of an answer, are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    item_id: int = Field(ge=0, lt=2**53, description="A comment of the corpus.")


class PostedReport(BaseModel):
    """A report to be saved."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "title": "Topic: 3_squad_boss_raid_loot",
                    "error_type": "System is over-sensitive",
                    "text_entry": "Talk about games is taken for insults.",
                    "sep_selection": "Accuracy",
                    "evidence": [{"item_id": 17}, {"item_id": 40}],
                }
            ]
        },
    )

    title: Title = ""
    error_type: ErrorType = Field(default="", description="What the person found.")
    text_entry: Text = ""
    sep_selection: Harm = Field(default="", description="Kind of harm.")
    complete_status: bool = Field(
        default=False, description="The person's word that it is complete."
    )
    evidence: list[PostedEvidence] = Field(
        default_factory=list,
        max_length=MOST_EVIDENCE,
        description="Comments, each once, in the person's order. A comment that the report had "
        "already keeps its row as it was seen; the row of a new one is made now.",
    )

    @field_validator("evidence")
    @classmethod
    def _each_once(cls, value: list[PostedEvidence]) -> list[PostedEvidence]:
        if len({entry.item_id for entry in value}) != len(value):
            raise ValueError("names a comment twice")
        return value


class PostedRestoration(BaseModel):
    """Which version to have again."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"version": 1}]}
    )

    version: int = Field(ge=1, lt=2**31, description="A version of the report.")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EvidenceEntry(_Answer):
    """A comment, and what was seen of it."""

    item_id: int | None = Field(description="Null for a row of a foreign client without an id.")
    row: dict[str, Any] = Field(
        description="The row of the table of results as it was seen, ratings on 0 to 4."
    )
    versions: dict[str, str] = Field(
        description="Versions of the artifacts that the row was made from; empty where a foreign "
        "client sent it."
    )


class ReportContent(_Answer):
    """What a report says."""

    title: str
    error_type: str
    text_entry: str
    sep_selection: str
    complete_status: bool
    evidence: list[EvidenceEntry]

    @classmethod
    def of(cls, report: AuditReport) -> ReportContent:
        """Return the document of a report."""
        return cls.model_validate(report.to_document())


class ReportDocument(_Answer):
    """A version of a report."""

    report_id: str
    version: int = Field(description="1, 2, … for each report.")
    user: str
    model: str
    created_at: datetime
    saved_at: datetime
    is_current: bool = Field(description="Whether it is the newest version, and not deleted.")
    is_complete: bool = Field(description="Whether it can be handed on.")
    missing: list[str] = Field(description="Fields that are still to be filled in for that.")
    report: ReportContent

    @classmethod
    def of(cls, stored: StoredReport) -> ReportDocument:
        """Return the document of a stored version."""
        report = AuditReport.from_document(stored.document)
        return cls(
            report_id=stored.report_id,
            version=stored.version,
            user=stored.user_id,
            model=stored.model,
            created_at=stored.created_at,
            saved_at=stored.saved_at,
            is_current=stored.is_current,
            is_complete=report.is_complete,
            missing=list(report.missing()),
            report=ReportContent.of(report),
        )


class ReportList(_Answer):
    """A person's reports."""

    user: str
    reports: list[ReportDocument]


class ReportVersion(_Answer):
    """When a version was saved."""

    version: int
    saved_at: datetime
    is_current: bool
    title: str
    n_evidence: int


class ReportHistory(_Answer):
    """All versions of a report, oldest first."""

    report_id: str
    user: str
    model: str
    is_deleted: bool
    versions: list[ReportVersion]

    @classmethod
    def of(cls, stored: list[StoredReport]) -> ReportHistory:
        """Return the document of a report's versions; there is at least one."""
        last = stored[-1]
        return cls(
            report_id=last.report_id,
            user=last.user_id,
            model=last.model,
            is_deleted=not last.is_current,
            versions=[
                ReportVersion(
                    version=one.version,
                    saved_at=one.saved_at,
                    is_current=one.is_current,
                    title=one.document["title"],
                    n_evidence=len(one.document["evidence"]),
                )
                for one in stored
            ],
        )


class Draft(_Answer):
    """A report that nobody has worked on."""

    title: str
    error_type: str


class Scaffold(_Answer):
    """Drafts of reports; never none."""

    method: str
    topic_method: str | None = Field(description="Null where the method compares no topics.")
    drafts: list[Draft]
