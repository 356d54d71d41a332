"""Readers of foreign data into canonical tables."""
