"""Measurements against the same done without rsdat; results in docs/performance.md."""
