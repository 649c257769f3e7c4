"""Metrics of binary classifiers and of masks, and their differences between groups."""
