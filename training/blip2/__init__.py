"""BLIP-2, first stage: a Q-Former on a frozen image tower, with a fair term over groups."""
