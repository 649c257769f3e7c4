"""Intervals and tests of metrics by group."""
