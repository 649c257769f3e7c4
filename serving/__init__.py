"""Triton server for machines without NVIDIA's image: docs/serving.md."""
