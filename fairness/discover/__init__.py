"""Subgroups that nobody named: searched for in one half of the people, tested in the other."""
