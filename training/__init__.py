"""Training: fairness-aware models in torch, one entry point a method; may import fairness."""
