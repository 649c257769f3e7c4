"""Regions of shared memory, here and as a server has them."""

import os

from tritonclient.grpc import InferenceServerClient

from audit.client.shared_memory import FOLDER, NAME


def ours(pid: int = 0) -> set[str]:
    """Regions of this process, or of another; further ones may belong to other runs."""
    found = map(NAME.fullmatch, os.listdir(FOLDER))
    return {name[0] for name in found if name and int(name[1]) == (pid or os.getpid())}


def known(endpoint: str) -> set[str]:
    """Regions that the server has mapped."""
    return set(InferenceServerClient(endpoint).get_system_shared_memory_status().regions)
