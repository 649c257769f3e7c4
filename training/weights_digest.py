"""SHA-256 of the values of a network, by which kept features belong to it and to no other."""

import hashlib

from torch import nn


def digest_of(model: nn.Module) -> str:
    """In hexadecimal; over names and values in their order."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
