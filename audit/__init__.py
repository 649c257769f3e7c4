"""`fair-audit`: streams a labelled split through a served model and reports by group."""
