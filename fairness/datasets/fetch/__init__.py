"""Downloads published data sets from the Hugging Face Hub, and keeps their hashes."""
