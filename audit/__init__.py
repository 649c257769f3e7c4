"""`fair-audit`: streams a labelled split through a Triton server and reports by group."""
