"""The application database: what people write and what imports bring.

SQLite by default, PostgreSQL by URL; `docs/database.md` describes the tables. Importing this
package is cheap: pandas and Alembic load with the first use of what needs them.
"""

from __future__ import annotations

from labelaudit_dagster.store.changes import (
    Change,
    Fingerprint,
    fingerprint,
    list_changes,
    ratings_since,
)
from labelaudit_dagster.store.comment_lookup import find_items
from labelaudit_dagster.store.community_import import ImportReport, import_community
from labelaudit_dagster.store.community_load import StoredCommunity, load_community
from labelaudit_dagster.store.constitutions import (
    ReceivedConstitution,
    latest_constitution,
    list_received,
    receive_constitution,
    was_received,
)
from labelaudit_dagster.store.corpora import (
    CorpusSource,
    corpus_fingerprint,
    corpus_scale,
    list_corpora,
)
from labelaudit_dagster.store.corpus_import import CorpusImportReport, import_corpus
from labelaudit_dagster.store.corpus_load import StoredCorpus, load_corpus
from labelaudit_dagster.store.current_ids import CurrentIds, current_ids
from labelaudit_dagster.store.database import Database
from labelaudit_dagster.store.demographics import (
    LONGEST_STUDY_ID,
    PARTICIPANT_COLUMNS,
    ReceivedDemographics,
    ReceivedStudy,
    latest_demographics,
    list_demographics,
    receive_demographics,
    remove_demographics,
)
from labelaudit_dagster.store.erasure import ForgottenCounts, forget_person
from labelaudit_dagster.store.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseFullError,
    DatabaseMissingError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    IdempotencyConflictError,
    InvalidLabelError,
    InvalidNameError,
    InvalidTableError,
    InvitationError,
    ModelConflictError,
    NoCorpusError,
    PublicationStateError,
    SchemaVersionError,
    SecondSourceError,
    StaleReportError,
    StoreError,
    TakenIdError,
    TokenError,
    UnknownGuidelineError,
    UnknownModelError,
    UnknownReportError,
)
from labelaudit_dagster.store.guarding import is_guarded
from labelaudit_dagster.store.guideline_lists import (
    ListedGuideline,
    OwnRating,
    count_ratings,
    list_guidelines,
    list_ratings,
)
from labelaudit_dagster.store.import_plan import ImportMode
from labelaudit_dagster.store.invitations import (
    SESSION_LIFETIME,
    Invitation,
    create_invitation,
    list_invitations,
    look_at_invitation,
    redeem_invitation,
    revoke_invitation,
)
from labelaudit_dagster.store.label_table import current_labels, labels_outside_corpus
from labelaudit_dagster.store.labels import (
    Label,
    LabelReceipt,
    add_labels,
    label_sequence,
    users_labelled_since,
)
from labelaudit_dagster.store.models import MODEL_KINDS, Model, ModelKind, ensure_model, list_models
from labelaudit_dagster.store.payloads import payload_hash
from labelaudit_dagster.store.person_export import export_person
from labelaudit_dagster.store.publications import (
    EMBEDDED_TARGET,
    Publication,
    approve_publication,
    begin_publication,
    find_publication,
    finish_publication,
    held_publication,
    hold_publication,
    last_published,
    list_publications,
    publication_payload,
)
from labelaudit_dagster.store.quarantine import corpus_quarantine_counts, quarantine_counts
from labelaudit_dagster.store.ratings import StoredRating, add_rating
from labelaudit_dagster.store.reports import (
    StoredReport,
    delete_report,
    has_saved_reports,
    list_reports,
    report_versions,
    restore_report,
    save_report,
    save_report_list,
)
from labelaudit_dagster.store.schema_version import has_current_schema
from labelaudit_dagster.store.sessions import Session, list_sessions, revoke_session, verify_session
from labelaudit_dagster.store.sources import Source, list_sources
from labelaudit_dagster.store.submissions import Submission, list_submissions, record_submission
from labelaudit_dagster.store.system_ratings import SystemRatingsReport, import_system_ratings
from labelaudit_dagster.store.tokens import (
    PERSONAL_ROLES,
    ROLES,
    Role,
    Token,
    create_token,
    list_tokens,
    revoke_token,
    verify_token,
)
from labelaudit_dagster.store.trainings import (
    Training,
    list_trainings,
    record_due_trainings,
    record_training,
)
from labelaudit_dagster.store.url import sqlite_url
from labelaudit_dagster.store.users import check_name, list_users
from labelaudit_dagster.store.versioned_rows import RowChanges

__all__ = [
    "EMBEDDED_TARGET",
    "LONGEST_STUDY_ID",
    "MODEL_KINDS",
    "PARTICIPANT_COLUMNS",
    "PERSONAL_ROLES",
    "ROLES",
    "SESSION_LIFETIME",
    "Change",
    "CorpusImportReport",
    "CorpusSource",
    "CurrentIds",
    "Database",
    "DatabaseBusyError",
    "DatabaseDamagedError",
    "DatabaseFullError",
    "DatabaseMissingError",
    "DatabaseReadOnlyError",
    "DatabaseUnreachableError",
    "Fingerprint",
    "ForgottenCounts",
    "IdempotencyConflictError",
    "ImportMode",
    "ImportReport",
    "InvalidLabelError",
    "InvalidNameError",
    "InvalidTableError",
    "Invitation",
    "InvitationError",
    "Label",
    "LabelReceipt",
    "ListedGuideline",
    "Model",
    "ModelConflictError",
    "ModelKind",
    "NoCorpusError",
    "OwnRating",
    "Publication",
    "PublicationStateError",
    "ReceivedConstitution",
    "ReceivedDemographics",
    "ReceivedStudy",
    "Role",
    "RowChanges",
    "SchemaVersionError",
    "SecondSourceError",
    "Session",
    "Source",
    "StaleReportError",
    "StoreError",
    "StoredCommunity",
    "StoredCorpus",
    "StoredRating",
    "StoredReport",
    "Submission",
    "SystemRatingsReport",
    "TakenIdError",
    "Token",
    "TokenError",
    "Training",
    "UnknownGuidelineError",
    "UnknownModelError",
    "UnknownReportError",
    "add_labels",
    "add_rating",
    "approve_publication",
    "begin_publication",
    "check_name",
    "corpus_fingerprint",
    "corpus_quarantine_counts",
    "corpus_scale",
    "count_ratings",
    "create_invitation",
    "create_token",
    "current_ids",
    "current_labels",
    "delete_report",
    "ensure_model",
    "export_person",
    "find_items",
    "find_publication",
    "fingerprint",
    "finish_publication",
    "forget_person",
    "has_current_schema",
    "has_saved_reports",
    "held_publication",
    "hold_publication",
    "import_community",
    "import_corpus",
    "import_system_ratings",
    "is_guarded",
    "label_sequence",
    "labels_outside_corpus",
    "last_published",
    "latest_constitution",
    "latest_demographics",
    "list_changes",
    "list_corpora",
    "list_demographics",
    "list_guidelines",
    "list_invitations",
    "list_models",
    "list_publications",
    "list_ratings",
    "list_received",
    "list_reports",
    "list_sessions",
    "list_sources",
    "list_submissions",
    "list_tokens",
    "list_trainings",
    "list_users",
    "load_community",
    "load_corpus",
    "look_at_invitation",
    "payload_hash",
    "publication_payload",
    "quarantine_counts",
    "ratings_since",
    "receive_constitution",
    "receive_demographics",
    "record_due_trainings",
    "record_submission",
    "record_training",
    "redeem_invitation",
    "remove_demographics",
    "report_versions",
    "restore_report",
    "revoke_invitation",
    "revoke_session",
    "revoke_token",
    "save_report",
    "save_report_list",
    "sqlite_url",
    "users_labelled_since",
    "verify_session",
    "verify_token",
    "was_received",
]
