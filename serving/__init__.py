"""A real Triton server where NVIDIA's image is not at hand: docs/serving.md."""
