"""The outside world for assets."""
