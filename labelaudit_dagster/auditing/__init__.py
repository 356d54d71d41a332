"""Auditing a classifier with personal models: pure functions on arrays and frames.

Each subpackage has one concept; import from it. Nothing here knows Dagster, a database or a file,
and importing this package loads nothing heavy.
"""
