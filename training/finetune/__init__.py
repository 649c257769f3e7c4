"""Fine-tuning: an encoder and a small classifier on it, trained together."""
