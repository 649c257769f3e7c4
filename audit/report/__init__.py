"""Writers of the report: aggregates only, safe to share."""
