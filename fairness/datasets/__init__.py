"""Readers of data sets, one file each: the only code that knows raw keys and codes."""
