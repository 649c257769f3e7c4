"""One file a kind of model: its answers, what is read from them, how that is reported."""
