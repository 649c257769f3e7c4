"""A server is told of our memory by name, and forgets it by name: never that of others."""

import time

from tritonclient.grpc import InferenceServerClient
from tritonclient.utils import InferenceServerException

from audit.client.cuda_memory import DEVICE, CudaRegion
from audit.client.shared_memory import FOLDER, NAME, Region, is_abandoned
from audit.client.transport import DEADLINE

SECONDS = 10.0
"""For which an unregister is tried: it is refused while a request that ended a moment ago still
counts as using the region."""

AWAY = ("StatusCode.UNAVAILABLE", "StatusCode.DEADLINE_EXCEEDED")
"""Statuses of a server that knows no region any more."""


def register(client: InferenceServerClient, region: Region | CudaRegion) -> bool:
    """Let the server map a region; whether it did not know it yet. The name is ours alone.

    Raises:
        InferenceServerException: it cannot find it, as on another host or in a container with
            memory of its own, may not open it, or does not let us ask.
    """
    try:
        size = len(region.memory)
        if isinstance(region, Region):
            of = (region.name, region.key, size)
            client.register_system_shared_memory(*of, client_timeout=DEADLINE)
        else:
            on = (region.name, region.handle, DEVICE, size)
            client.register_cuda_shared_memory(*on, client_timeout=DEADLINE)
    except InferenceServerException as error:
        if "already in manager" not in str(error.message()):
            raise
        return False
    return True


def unregister(client: InferenceServerClient, name: str, *, of_gpu: bool = False) -> bool:
    """Let the server forget a region; whether it has."""
    memory = "cuda" if of_gpu else "system"
    forget = getattr(client, f"unregister_{memory}_shared_memory")
    until = time.monotonic() + SECONDS
    while True:
        try:
            forget(name, client_timeout=DEADLINE)
            return True
        except InferenceServerException as error:
            if error.status() in AWAY or time.monotonic() > until:
                return False
        time.sleep(0.05)


def unregister_leftovers(client: InferenceServerClient) -> list[str]:
    """Let the server forget regions of runs that were killed; their names.

    Only those that bear our name, whose process is gone and whose file, too: a server that maps our
    region shares this machine's memory. What its owner still uses has a file.
    """
    try:
        known = client.get_system_shared_memory_status(client_timeout=DEADLINE).regions
    except InferenceServerException:  # a tidy server is a courtesy: the run does without
        return []
    gone = [
        name
        for name in known
        if NAME.fullmatch(name) and is_abandoned(name) and not (FOLDER / name).exists()
    ]
    return [name for name in gone if unregister(client, name)]
