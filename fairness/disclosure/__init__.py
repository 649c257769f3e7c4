"""Which counts of a report are withheld, so that no small count follows from the others."""
