"""What people read and see beside a user's partitions in the Dagster UI."""

from typing import Any

import dagster as dg
import pandas as pd

from labelaudit_dagster.artifacts import Bundle
from labelaudit_dagster.assets.pictures import specification_picture
from labelaudit_dagster.personal_audit import CorpusSide

LISTED = 20


def short_metadata(asset: str, models: Bundle) -> dict[str, Any]:
    """Describe a partition among many in a few figures."""
    if asset != "personal_models":
        return {}
    frame = models["models"]
    return {"models": len(frame), "labels": int(frame["n_labels"].sum())}


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
    """Draw, for the model that was trained last, its labels and its error by version."""
    from labelaudit_dagster.auditing.charts import labels_chart, performance_chart

    name = newest_model(bundle)
    labels = bundle["labels"]
    left_out = labels[(labels["model"] == name) & labels["used"]].rename(
        columns={"left_out_mean": "mean"}
    )
    versions = bundle["versions"]
    errors = versions.loc[versions["model"] == name, "mae_of_mean"]
    known = [None if pd.isna(error) else float(error) for error in errors]
    return {
        "labels of the newest model": specification_picture(
            labels_chart(left_out, scale=side.scale),
            "Labels against what the other labels predict for them",
        ),
        "error of the newest model": specification_picture(
            performance_chart(known, name, scale=side.scale),
            "Honest error of the model by version",
        ),
    }


def audit_pictures(
    side: CorpusSide, models: Bundle, predictions: Bundle, bundle: Bundle
) -> dict[str, Any]:
    """Draw, for the model that was trained last, where the system differs from it."""
    from labelaudit_dagster.auditing.charts import against_system_chart, topic_disagreement_chart

    name = newest_model(models)
    topics = bundle["topics"]
    mean = predictions[name]["mean"].to_numpy()[side.rows]
    return {
        "predictions against the system": specification_picture(
            against_system_chart(mean, side.table.system, scale=side.scale),
            "Predicted ratings against ratings of the system, as a map of counts",
        ),
        "topics that differ, drawn": specification_picture(
            topic_disagreement_chart(topics[topics["model"] == name]),
            "Topics by how surely the system decides otherwise",
        ),
    }


def newest_model(models: Bundle) -> str:
    """Return the name of the model that was trained last; of equal ones the first."""
    frame = models["models"]
    return str(frame["model"].iloc[int(frame["trained_at"].to_numpy().argmax())])
