"""Who may use which route: the one table of roles and routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from labelaudit_dagster.store import PERSONAL_ROLES, ROLES, Role

Allowed = frozenset[Role] | None
"""Roles that may use a route; None for everybody, without any token."""

EVERYBODY: Final = None
OPERATOR: Final[frozenset[Role]] = frozenset({"operator"})
PIPELINE: Final[frozenset[Role]] = frozenset({"operator", "pipeline"})
PERSON: Final[frozenset[Role]] = PERSONAL_ROLES
AUDIT_READERS: Final[frozenset[Role]] = frozenset({"auditor", "analyst", "operator"})
AUDITORS: Final[frozenset[Role]] = frozenset({"auditor", "operator"})
EVERYBODYS_READERS: Final[frozenset[Role]] = frozenset({"analyst", "operator"})
RATERS: Final[frozenset[Role]] = frozenset({"participant", "operator"})
EVERY_ROLE: Final[frozenset[Role]] = frozenset(ROLES)

ACCESS: Final[Mapping[str, Allowed]] = {
    "GET /": EVERYBODY,
    "GET /docs": EVERYBODY,
    "GET /openapi.json": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": OPERATOR,
    "GET /api/openapi/exports": PIPELINE,
    "POST /api/openapi/constitution": PIPELINE,
    "POST /api/openapi/prolific/demographics": PIPELINE,
    "GET /v1/constitution": EVERY_ROLE,
    "POST /v1/ratings": RATERS,
    "DELETE /v1/ratings/{guideline}": RATERS,
    "POST /v1/proposals": RATERS,
    "GET /v1/proposals": RATERS | EVERYBODYS_READERS,
    "POST /v1/proposals/{proposal_id}/decision": OPERATOR,
    "GET /v1/consent": RATERS,
    "POST /v1/consent": RATERS,
    # The constitution; what people rate and said.
    "GET /v1/constitutions": EVERY_ROLE,
    "GET /v1/constitutions/{version}": EVERY_ROLE,
    "GET /v1/constitutions/{version}/changes": EVERY_ROLE,
    "GET /v1/constitution/changes": EVERY_ROLE,
    "GET /v1/constitution/guidelines": EVERY_ROLE,
    "GET /v1/constitution/who-took-part": EVERY_ROLE,
    "GET /v1/constitution/guidelines/{guideline}": EVERY_ROLE,
    "GET /v1/constitution/guidelines/{guideline}/history": EVERY_ROLE,
    "GET /v1/constitution/history": EVERY_ROLE,
    "GET /v1/constitution/charts/{chart}": EVERY_ROLE,
    "GET /v1/constitution/charts/history": EVERY_ROLE,
    "GET /v1/constitution/charts/history/{guideline}": EVERY_ROLE,
    "GET /v1/constitution/charts/perspectives/{guideline}": EVERY_ROLE,
    "GET /v1/guidelines": EVERY_ROLE,
    "GET /v1/guidelines/next": RATERS | EVERYBODYS_READERS,
    "GET /v1/users/{user}/ratings": PERSON | EVERYBODYS_READERS,
    "GET /v1/users/{user}/representation": PERSON | EVERYBODYS_READERS,
    "GET /join/{invitation}": EVERYBODY,
    "POST /v1/session": EVERYBODY,
    "GET /v1/session": EVERY_ROLE,
    "DELETE /v1/session": EVERYBODY,
    "GET /v1/me": PERSON,
    "DELETE /v1/me": PERSON,
    "GET /v1/users/{user}/data": OPERATOR,
    "DELETE /v1/users/{user}/data": OPERATOR,
    # Reports.
    "GET /v1/users/{user}/models/{model}/scaffold": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/reports": AUDIT_READERS,
    "POST /v1/users/{user}/models/{model}/reports": AUDITORS,
    "GET /v1/users/{user}/reports": AUDIT_READERS,
    "GET /v1/users/{user}/reports/{report_id}": AUDIT_READERS,
    "PUT /v1/users/{user}/reports/{report_id}": AUDITORS,
    "DELETE /v1/users/{user}/reports/{report_id}": AUDITORS,
    "GET /v1/users/{user}/reports/{report_id}/versions": AUDIT_READERS,
    "POST /v1/users/{user}/reports/{report_id}/restorations": AUDITORS,
    "GET /v1/users/{user}/reports/{report_id}/avid": AUDIT_READERS,
    "GET /v1/users/{user}/submissions": AUDIT_READERS,
    "POST /v1/users/{user}/submissions": AUDITORS,
    "GET /get_reports": AUDIT_READERS,
    "GET /save_reports": AUDITORS,
    "POST /save_reports": AUDITORS,
    "GET /submit_avid_report": AUDITORS,
    "POST /submit_avid_report": AUDITORS,
    # Routes of IndieLabel; a GET that changes something is only for the original client.
    "GET /audit_settings": AUDIT_READERS,
    "GET /get_labeling": AUDIT_READERS,
    "GET /get_comments_to_label": AUDIT_READERS,
    "GET /get_comments_to_label_topic": AUDIT_READERS,
    "GET /get_personalized_model": AUDIT_READERS,
    "POST /get_personalized_model": AUDITORS,
    "GET /get_personalized_model_topic": AUDITORS,
    "POST /get_personalized_model_topic": AUDITORS,
    "GET /get_audit": AUDIT_READERS,
    "GET /get_cluster_results": AUDIT_READERS,
    "GET /get_group_size": AUDIT_READERS,
    "GET /get_group_model": AUDITORS,
    "POST /get_group_model": AUDITORS,
    "GET /get_explore_examples": AUDIT_READERS,
    # The typed audit API; whose data a person may have is judged by each route.
    "GET /v1/corpus": AUDIT_READERS,
    "GET /v1/topics": AUDIT_READERS,
    "GET /v1/exploration": AUDIT_READERS,
    "GET /v1/results": AUDIT_READERS,
    "GET /v1/groups/columns": AUDIT_READERS,
    "GET /v1/groups/size": AUDIT_READERS,
    "GET /v1/groups/comparison": AUDIT_READERS,
    "GET /v1/charts/topic-overview": AUDIT_READERS,
    "GET /v1/charts/topic-results": AUDIT_READERS,
    "GET /v1/charts/group-comparison": AUDIT_READERS,
    "GET /v1/users": EVERYBODYS_READERS,
    "GET /v1/users/{user}/models": AUDIT_READERS,
    "POST /v1/users/{user}/models": AUDITORS,
    "GET /v1/users/{user}/models/{model}": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/suggestions": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/labels": AUDIT_READERS,
    "POST /v1/users/{user}/models/{model}/labels": AUDITORS,
    "PUT /v1/users/{user}/models/{model}/labels/{item_id}": AUDITORS,
    "GET /v1/users/{user}/models/{model}/trainings": AUDIT_READERS,
    "POST /v1/users/{user}/models/{model}/trainings": AUDITORS,
    "GET /v1/users/{user}/models/{model}/trainings/{version}": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/audit": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/topics": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/results": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/predictions": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/comparison": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/charts/topic-overview": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/charts/topic-results": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/charts/topic-disagreement": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/charts/performance": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/charts/labels": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/charts/against-system": AUDIT_READERS,
    "GET /v1/users/{user}/models/{model}/charts/comparison": AUDIT_READERS,
    # Looking after the installation.
    "GET /v1/status": OPERATOR,
    "GET /v1/publication": OPERATOR,
    "POST /v1/publications": OPERATOR,
    "GET /v1/tokens": OPERATOR,
    "POST /v1/tokens": OPERATOR,
    "DELETE /v1/tokens/{token_id}": OPERATOR,
    "GET /v1/invitations": OPERATOR,
    "POST /v1/invitations": OPERATOR,
    "DELETE /v1/invitations/{invitation_id}": OPERATOR,
    "GET /v1/sessions": OPERATOR,
    "DELETE /v1/sessions/{session_id}": OPERATOR,
}
"""Every route of the API. A route that is missing here keeps the application from starting."""

PAGES: Final[Mapping[str, Allowed]] = {
    # Files that pages load; the same for everybody.
    "GET /app/static/{digest}/{path:path}": EVERYBODY,
    "GET /app/vega/{key}/vega.js": EVERYBODY,
    "GET /app": EVERYBODY,
    "GET /app/": EVERYBODY,
    "GET /app/name": EVERYBODYS_READERS,
    "POST /app/name": EVERYBODYS_READERS,
    "GET /app/reports": AUDIT_READERS,
    "GET /app/reports/{report_id}": AUDIT_READERS,
    "GET /app/reports/{report_id}/avid": AUDIT_READERS,
    "GET /app/explore": AUDIT_READERS,
    "GET /app/rate": RATERS,
    "GET /app/constitution": EVERY_ROLE,
    "GET /app/constitution/map": EVERY_ROLE,
    "GET /app/constitution/history": EVERY_ROLE,
    "GET /app/constitution/guidelines/{guideline}": EVERY_ROLE,
    "GET /app/represent": RATERS | EVERYBODYS_READERS | PERSON,
    "GET /app/admin/proposals": OPERATOR,
    "GET /app/label": AUDIT_READERS,
    "GET /app/audit": AUDIT_READERS,
    "DELETE /app/name": EVERYBODYS_READERS,
    "GET /app/me": PERSON | OPERATOR,
    "GET /app/admin": OPERATOR,
}
"""Every route of the web app, which is no part of the API's description; likewise complete."""


def allowed_roles(method: str, path: str) -> Allowed:
    """Return who may use a route.

    Args:
        method: HTTP method in capitals.
        path: The route's path template, as it was declared.

    Raises:
        KeyError: Neither table has such a route.
    """
    route = f"{method} {path}"
    return PAGES[route] if route in PAGES else ACCESS[route]
