"""`fair-audit bench`: how fast a served model answers, and what it takes to get there."""
