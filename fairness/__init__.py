"""The shared core: samples, datasets, metrics and the one evaluation path; never imports torch."""
