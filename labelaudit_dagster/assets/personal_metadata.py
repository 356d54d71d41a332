"""What people read and see beside a user's partitions in the Dagster UI."""

from typing import Any

import dagster as dg
import pandas as pd

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.personal_audit import CorpusSide

LISTED = 20


def model_metadata(bundle: Bundle) -> dict[str, Any]:
    """Describe the models of a user."""
    models, versions = bundle["models"], bundle["versions"]
    last = versions.drop_duplicates("model", keep="last").set_index("model")
    rows = [
        f"| {_cell(row.model)} | {row.kind} | {row.version} | {row.n_labels} | {row.n_unsure} "
        f"| {_number(last.loc[row.model, 'mae_of_median'])} "
        f"| {_number(last.loc[row.model, 'mae_of_mean'])} "
        f"| {_number(last.loc[row.model, 'system_mae'])} |"
        for row in models.head(LISTED).itertuples()
    ]
    return {
        "models": len(models),
        "labels": int(models["n_labels"].sum()),
        "versions": len(versions),
        "by model": dg.MetadataValue.md(
            "\n".join(
                [
                    "| model | kind | version | labels | unsure | error of the median "
                    "| error of the mean | distance from the system |",
                    "|---|---|--:|--:|--:|--:|--:|--:|",
                    *rows,
                ]
            )
        ),
    }


def prediction_metadata(side: CorpusSide, bundle: Bundle) -> dict[str, Any]:
    """Describe the predictions of a user's models."""
    threshold = side.scale.threshold
    return {
        "models": len(bundle),
        "comments": side.model.n_items,
        "share predicted positive": dg.MetadataValue.json(
            {
                name: round(float((frame["mean"] > threshold).mean()), 4)
                for name, frame in list(bundle.items())[:LISTED]
            }
        ),
    }


def audit_metadata(bundle: Bundle) -> dict[str, Any]:
    """Describe where the system differs from a user."""
    topics = bundle["topics"]
    tables = []
    for name, rows in list(topics.groupby("model", sort=False))[:LISTED]:
        worst = rows[rows["direction"] != ""].head(LISTED)
        lines = [
            f"| {row.topic} | {row.n_comments:,} | {row.direction} | {row.share_under:.0%} "
            f"| {row.share_over:.0%} | {row.median_you:.2f} | {row.median_system:.2f} |"
            for row in worst.itertuples()
        ]
        tables += [
            f"**{_cell(str(name))}**",
            "",
            "| topic | comments | the system is | under | over | you | system |",
            "|---|--:|---|--:|--:|--:|--:|",
            *lines,
            "",
        ]
    metrics = bundle["metrics"]
    return {
        "topics that differ": dg.MetadataValue.md("\n".join(tables)),
        "disagreement with the system (mean absolute difference)": dg.MetadataValue.json(
            {str(row.model): round(float(row.mae), 4) for row in metrics.head(LISTED).itertuples()}
        ),
    }


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _number(value: Any) -> str:
    return "-" if pd.isna(value) else f"{float(value):.2f}"


def model_pictures(side: CorpusSide, bundle: Bundle) -> dict[str, Any]:
    """Draw labels against what the other labels predict, and the error by version."""
    return {}


def audit_pictures(side: CorpusSide, predictions: Bundle, bundle: Bundle) -> dict[str, Any]:
    """Draw predictions against the system's ratings."""
    return {}
