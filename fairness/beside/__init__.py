"""Numbers that stand beside those of a report, each by a flag of its own."""
