"""First drafts of reports, from the current results."""

from __future__ import annotations

from typing import Final

from app_api.audit import CorpusView, UserView
from app_api.problems import field_problem
from app_api.services import Services
from labelaudit_dagster.auditing.reports import AuditReport

METHODS: Final = (
    "personal", "personal_group", "personal_test", "fixed", "prompts", "tutorial",
)  # fmt: skip
"""Methods that draft something; any other gives one empty report."""


def drafts_of(
    services: Services,
    view: UserView | None,
    corpus: CorpusView,
    model: str | None,
    method: str | None,
    topic_method: str | None,
    *,
    field: str,
) -> list[AuditReport]:
    """Return drafts; never none.

    Args:
        services: Of the application.
        view: The person's results, or None.
        corpus: The corpus of those results, or the current one.
        model: Name of the model; without results of it a personal scaffold is one empty report.
        method: One of `METHODS`; anything else gives one empty report.
        topic_method: How topics are compared in a personal scaffold; None means `fp_fn`.
        field: Name of the parameter with `topic_method`, for the problem.

    Raises:
        ProblemError: There is no such topic method.
        ArtifactError: The results cannot be read.
    """
    from labelaudit_dagster.auditing.scaffolds import TOPIC_METHODS, scaffold

    if topic_method is not None and topic_method not in TOPIC_METHODS:
        raise field_problem("invalid-value", field, f"must be one of {', '.join(TOPIC_METHODS)}")
    you = None
    if view is not None and model is not None and model in view.models:
        you = view.contract_predictions(model)
    drafts = scaffold(
        method,
        corpus.contract_table,
        you,
        topic_method=topic_method,
        fixed_topics=_named(services.settings.scaffold_topics),
        tutorial_topic=services.settings.tutorial_topic.strip() or None,
        seed=services.settings.seed,
    )
    return [AuditReport(title=draft.title, error_type=draft.error_type) for draft in drafts]


def _named(topics: str) -> list[str]:
    """Return the topics of a setting, which has commas between them."""
    return [name for part in topics.split(",") if (name := part.strip())]
