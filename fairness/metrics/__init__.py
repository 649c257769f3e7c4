"""Metrics of a binary classifier, and how far they differ between groups."""
