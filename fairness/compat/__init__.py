"""The original evaluations of the papers, quirks included."""
