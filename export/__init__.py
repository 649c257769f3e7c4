"""Export: a checkpoint becomes a Triton model that owns its preprocessing and describes itself."""
