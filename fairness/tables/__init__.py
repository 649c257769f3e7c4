"""Tables from outside, csv or parquet: read as they are, and what their columns mean."""
