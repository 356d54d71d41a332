"""The HTTP API and web app of LabelAudit."""
