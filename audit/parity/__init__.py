"""A served model held against a reference on the same samples."""
