"""Discovered subgroups, exploratory, as files and on the terminal."""
