"""What stays with the data's owner: journal, outcomes, masks."""
