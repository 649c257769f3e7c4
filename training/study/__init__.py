"""The paper's tables as one command: models x methods x attributes x seeds."""
