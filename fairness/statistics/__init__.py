"""Intervals and tests for metrics of groups: how sure the numbers are, and of what."""
