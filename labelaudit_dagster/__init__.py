"""LabelAudit: people decide, and check, what an AI system does, on one Dagster engine."""
