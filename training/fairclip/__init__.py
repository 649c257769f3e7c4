"""FairCLIP: CLIP with a fair term over groups."""
