"""Probes: a small classifier on the features of an encoder that stays as it is."""
