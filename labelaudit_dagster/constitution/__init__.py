"""Which guidelines a community accepts, with scores, reasons and differences.

Charts live in `labelaudit_dagster.constitution.charts`, the only subpackage that loads Altair.
"""

from labelaudit_dagster.constitution.decision import DECISION_COLUMNS, decide_constitution
from labelaudit_dagster.constitution.difference import (
    churn,
    diff_constitutions,
    difference_sentences,
)
from labelaudit_dagster.constitution.document import (
    SCHEMA_VERSION,
    constitution_document,
)
from labelaudit_dagster.constitution.errors import ConstitutionError
from labelaudit_dagster.constitution.estimates import ItemEstimates, ItemUncertainty
from labelaudit_dagster.constitution.explanation import (
    certainty_sentences,
    support_sentences,
    verdict_sentence,
)
from labelaudit_dagster.constitution.gate import (
    HELD_CODES,
    RATINGS_FIELD,
    GateDecision,
    publication_gate,
)
from labelaudit_dagster.constitution.nearest_change import (
    ModelFigures,
    NearestChange,
    nearest_change,
)
from labelaudit_dagster.constitution.next_guidelines import Candidate, next_guidelines
from labelaudit_dagster.constitution.payload import (
    PAYLOAD_KEYS,
    payload_hash,
    publication_payload,
)
from labelaudit_dagster.constitution.perspective_bands import PerspectiveBands, perspective_bands
from labelaudit_dagster.constitution.perspectives import SIDES, support_by_side
from labelaudit_dagster.constitution.rater_groups import rater_groups
from labelaudit_dagster.constitution.reasons import STATUSES, TESTS, Reason, Status
from labelaudit_dagster.constitution.rule import (
    NO_INERTIA,
    AcceptanceRule,
    Inertia,
    accepted_mask,
    consensus_score,
    raw_support,
)
from labelaudit_dagster.constitution.status_log import (
    LOGGED_STATUSES,
    REMOVED,
    Figures,
    KnownStatus,
    LoggedStatus,
    StatusEntry,
    replayed_statuses,
    status_entries,
    status_figures,
    version_counts,
    version_rule,
)
from labelaudit_dagster.constitution.strict_json import canonical_json, content_hash, strict_json
from labelaudit_dagster.constitution.table import score_markdown, score_table

__all__ = [
    "DECISION_COLUMNS",
    "HELD_CODES",
    "LOGGED_STATUSES",
    "NO_INERTIA",
    "PAYLOAD_KEYS",
    "RATINGS_FIELD",
    "REMOVED",
    "SCHEMA_VERSION",
    "SIDES",
    "STATUSES",
    "TESTS",
    "AcceptanceRule",
    "Candidate",
    "ConstitutionError",
    "Figures",
    "GateDecision",
    "Inertia",
    "ItemEstimates",
    "ItemUncertainty",
    "KnownStatus",
    "LoggedStatus",
    "ModelFigures",
    "NearestChange",
    "PerspectiveBands",
    "Reason",
    "Status",
    "StatusEntry",
    "accepted_mask",
    "canonical_json",
    "certainty_sentences",
    "churn",
    "consensus_score",
    "constitution_document",
    "content_hash",
    "decide_constitution",
    "diff_constitutions",
    "difference_sentences",
    "nearest_change",
    "next_guidelines",
    "payload_hash",
    "perspective_bands",
    "publication_gate",
    "publication_payload",
    "rater_groups",
    "raw_support",
    "replayed_statuses",
    "score_markdown",
    "score_table",
    "status_entries",
    "status_figures",
    "strict_json",
    "support_by_side",
    "support_sentences",
    "verdict_sentence",
    "version_counts",
    "version_rule",
]
