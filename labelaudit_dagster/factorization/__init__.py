"""Bridging matrix factorization."""
