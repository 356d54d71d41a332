"""Dagster assets and their checks, one module per stage."""

from __future__ import annotations

import dagster as dg


def constitution_assets() -> list[dg.AssetsDefinition]:
    """Return the assets of the group `constitution`, in the order of the flow."""
    from labelaudit_dagster.assets.constitution import constitution
    from labelaudit_dagster.assets.factorization import factorization, response_matrix
    from labelaudit_dagster.assets.guideline_tables import guideline_tables
    from labelaudit_dagster.assets.published_constitution import published_constitution
    from labelaudit_dagster.assets.snapshot import ratings_export
    from labelaudit_dagster.assets.uncertainty import uncertainty

    return [
        ratings_export,
        guideline_tables,
        response_matrix,
        factorization,
        constitution,
        uncertainty,
        published_constitution,
    ]


def audit_assets() -> list[dg.AssetsDefinition]:
    """Return the assets of the group `audit`, from the corpus to each user's audit."""
    from labelaudit_dagster.assets.comment_model import comment_model
    from labelaudit_dagster.assets.comment_topics import comment_topics, rating_splits
    from labelaudit_dagster.assets.corpus_tables import corpus_tables
    from labelaudit_dagster.assets.personal_audit import (
        personal_audit,
        personal_models,
        personal_predictions,
    )
    from labelaudit_dagster.assets.system_ratings import system_ratings

    return [
        corpus_tables,
        comment_topics,
        system_ratings,
        rating_splits,
        comment_model,
        personal_models,
        personal_predictions,
        personal_audit,
    ]
