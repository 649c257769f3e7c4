"""Writes licence-free data with the layouts and keys of the published sets."""
