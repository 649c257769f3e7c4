"""How the batches of a run go to the server: shared memory where it pays and can be, else bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tritonclient.utils import InferenceServerException

from audit.client.address import is_this_machine
from audit.client.connection import Way
from audit.client.cuda_memory import CudaRegion, make_cuda_region
from audit.client.failures import text_of
from audit.client.grpc_server import GrpcServer
from audit.client.registration import register, unregister, unregister_leftovers
from audit.client.ring import Ring, slot_bytes
from audit.client.shared_memory import NoRegionError, Region, make_region, remove_leftovers
from audit.client.shared_transport import SMALL, SharedTransport
from audit.client.transport import Server, Transport
from audit.client.window import MOST, InFlight, Window, fixed, tuned
from fairness.datasets.buffers import Buffers, PlainBuffers
from fairness.errors import ServerError

BUDGET = 2**29
"""Bytes of all batches in flight, where nobody says how many there are; a few large batches may
take more."""

EXTENSION = "system_shared_memory"
"""By which a server says that it can map our memory."""


@dataclass(frozen=True)
class BatchBytes:
    """Bytes of the largest batch of a run."""

    images: int
    """As they are read."""
    tensor: int
    """As they are sent, where they are prepared for it; 0 where they are sent as they are read."""
    answer: int
    batches: int
    """How many there are in all."""

    def slots(self, window: int, readers: int) -> int:
        """Batches that are held at once: with the server, being read, and one that is ready."""
        return min(window, self.batches) + readers + 1


@dataclass(frozen=True)
class Sending:
    """What sends the batches of a run, and what they are read into."""

    transport: Transport
    buffers: Buffers
    window: InFlight


@contextmanager
def sending(
    server: Server,
    sizes: BatchBytes,
    way: Way,
    in_flight: int | None,
    tell: Callable[[str], None],
    readers: int = 2,
) -> Iterator[Sending]:
    """Choose the way, and clear it up in the end, whatever happens.

    Args:
        server: that is asked.
        sizes: of the run's batches.
        way: that the user wants.
        in_flight: batches that may be with the server at once; None: as many as make it faster.
        tell: is told in a line what was chosen, where shared memory was a choice.
        readers: threads that read ahead.

    Raises:
        ServerError: only shared memory was wanted, and cannot be had.
    """
    window = window_for(sizes, in_flight, readers)
    number = sizes.slots(window.most, readers)
    region, why = None, "only over gRPC"
    if isinstance(server, GrpcServer):
        wanted = way in ("shm", "cuda") or (way == "auto" and pays(server, sizes))
        of_gpu = way == "cuda"
        region, why = shared_region(server, sizes, number, of_gpu=of_gpu) if wanted else (None, "")
    if way in ("shm", "cuda") and region is None:
        raise ServerError(f"--transport {way}: {why}; leave it out")
    if region is None or not isinstance(server, GrpcServer):
        if why and way == "auto" and isinstance(server, GrpcServer):
            tell(f"images go to the server as bytes, not through shared memory: {why}")
        plain = PlainBuffers(number, sizes.images)
        try:
            yield Sending(server, plain, window)
        finally:
            plain.close()
        return
    try:
        tell(f"images go to the server through {len(region.memory) >> 20} MB of shared memory")
        found = through(server, region, sizes, number, window)
        try:
            yield found
        finally:
            found.buffers.close()
    finally:
        unregister(server.client, region.name, of_gpu=isinstance(region, CudaRegion))
        region.remove()


def window_for(sizes: BatchBytes, in_flight: int | None, readers: int, servers: int = 1) -> Window:
    """As told, or one that finds its size within its server's share of the memory for batches."""
    if in_flight is not None:
        return fixed(in_flight)
    each = max(1, sizes.images + sizes.tensor + sizes.answer)
    return tuned(max(2, min(MOST, (BUDGET // each - readers - 1) // servers)))


def pays(server: GrpcServer, sizes: BatchBytes) -> bool:
    """Whether a server on this machine offers it, and anything is large enough for it."""
    large = max(sizes.tensor or sizes.images, sizes.answer) >= SMALL
    return large and is_this_machine(server.endpoint) and EXTENSION in server.about().extensions


def shared_region(
    server: GrpcServer, sizes: BatchBytes, number: int, *, of_gpu: bool = False
) -> tuple[Region | CudaRegion | None, str]:
    """A region that the server has mapped; or None, and why not.

    Removes what killed runs left behind.
    """
    for _ in remove_leftovers():
        pass
    region: Region | CudaRegion
    try:
        size = region_bytes(sizes, number)
        region = make_cuda_region(size) if of_gpu else make_region(size)
    except NoRegionError as error:
        return None, str(error)
    try:
        register(server.client, region)
    except InferenceServerException as error:
        region.remove()
        status, message = text_of(error, server.connection)
        return None, f"the server cannot map it ({status}: {message[:200]})"
    except BaseException:  # Ctrl-C in between
        region.remove()
        raise
    unregister_leftovers(server.client)
    return region, ""


def region_bytes(sizes: BatchBytes, number: int) -> int:
    """Of `number` slots for images, or tensors, and for answers that are large enough."""
    answer = slot_bytes(sizes.answer) if sizes.answer >= SMALL else 0
    return number * (slot_bytes(sizes.tensor or sizes.images) + answer)


def through(
    server: GrpcServer,
    region: Region | CudaRegion,
    sizes: BatchBytes,
    number: int,
    window: Window,
) -> Sending:
    """The way through a region: images are read into it, or copied where they cannot be.

    They are prepared for a described model first, and no file is read into a GPU, from which no
    answer is read either.
    """
    of_gpu = isinstance(region, CudaRegion)
    first = Ring(region, 0, number, sizes.tensor or sizes.images)
    answers = None
    if sizes.answer >= SMALL and not of_gpu:
        answers = Ring(region, number * first.stride, number, sizes.answer)
    transport = SharedTransport(server, region, first, answers)
    if of_gpu:
        transport.kind = "memory of the GPU"
    plain = of_gpu or sizes.tensor > 0
    return Sending(transport, PlainBuffers(number, sizes.images) if plain else first, window)
