"""Losses: pure functions of tensors, one paper or one idea a file."""
