"""The evaluations that the papers released, defects included."""
