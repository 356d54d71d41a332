"""Alembic's entry: run the migrations on the connection that was handed over.

The caller has begun a transaction and commits it, so that an upgrade happens whole or not.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
