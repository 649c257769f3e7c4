"""Models of other makers: what `model.yaml` says of them, and what the client does for them."""
