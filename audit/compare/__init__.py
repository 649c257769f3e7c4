"""Stored runs held against one another, paired by the id of each sample."""
