"""Numbers of a served model over time: a history of runs, and the changes that its charts find."""
