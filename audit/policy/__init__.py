"""Margins set in advance, and the verdict on a report."""
