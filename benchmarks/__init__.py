"""One script a claim; README.md has the commands and the last tables."""
