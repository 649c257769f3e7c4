"""Files of sites: written from a run, and the report of several."""
