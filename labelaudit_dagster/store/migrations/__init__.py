"""Alembic migrations of the application database; run by `schema_version.migrate`."""
