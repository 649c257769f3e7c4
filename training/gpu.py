"""Whether this machine has a GPU, so that a command can be refused before torch is imported."""

import ctypes
from pathlib import Path

CUDA = "libcuda.so.1"
"""NVIDIA's driver, which torch loads by the same name."""
AMD = Path("/dev/kfd")
"""Device of AMD's driver."""


def has_gpu() -> bool:
    """Whether torch finds a GPU; torch takes seconds to import, so only a driver makes it asked."""
    if not AMD.exists() and not _loads(CUDA):
        return False
    import torch

    return torch.cuda.is_available()


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
