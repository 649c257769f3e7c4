"""A region of a GPU's memory that a server on this machine maps, too.

Through the driver's own library, so that nothing has to be installed. It has not been run yet where
there is a GPU: only its refusals are tested.
"""

import base64
import ctypes
import os
import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.client.shared_memory import NoRegionError, address_of, place_in, started
from fairness.arrays import Array

DRIVER = "libcuda.so.1"

HANDLE_BYTES = 64
"""Of the handle by which another process opens the memory (CU_IPC_HANDLE_SIZE)."""

DEVICE = 0
"""The first GPU that this process may see."""


@dataclass(frozen=True)
class CudaRegion:
    """Memory of a GPU, with the same methods as `shared_memory.Region`."""

    name: str
    memory: Array
    """(size,) uint8 at addresses of the GPU: to be sliced and compared, never read or written."""
    driver: Any
    context: ctypes.c_void_p
    handle: bytes
    """By which a server opens it, in base64."""

    def place_of(self, array: Array) -> int | None:
        """As `Region.place_of`."""
        return place_in(self.memory, array)

    def write(self, slot: Array, array: Array) -> None:
        """Copy an array of ours to the beginning of a slot.

        Raises:
            NoRegionError: the driver refuses.
        """
        content = np.ascontiguousarray(array)
        # Whoever calls may be a thread that has no context yet.
        called(self.driver, "cuCtxSetCurrent", self.context)
        place = ctypes.c_uint64(address_of(slot))
        source, size = ctypes.c_void_p(address_of(content)), ctypes.c_size_t(content.nbytes)
        called(self.driver, "cuMemcpyHtoD_v2", place, source, size)

    def remove(self) -> None:
        """Free it."""
        called(self.driver, "cuCtxSetCurrent", self.context)
        called(self.driver, "cuMemFree_v2", ctypes.c_uint64(address_of(self.memory)))


def make_cuda_region(size: int) -> CudaRegion:
    """A region on the first GPU.

    Raises:
        NoRegionError: there is no GPU, or not so much free memory on it.
    """
    try:
        driver = ctypes.CDLL(DRIVER)
    except OSError:
        raise NoRegionError(f"there is no driver of a GPU here ({DRIVER})") from None
    device, context = ctypes.c_int(), ctypes.c_void_p()
    called(driver, "cuInit", ctypes.c_uint(0))
    called(driver, "cuDeviceGet", ctypes.byref(device), ctypes.c_int(DEVICE))
    called(driver, "cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    called(driver, "cuCtxSetCurrent", context)
    pointer, handle = ctypes.c_uint64(), (ctypes.c_char * HANDLE_BYTES)()
    called(driver, "cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(size))
    try:
        called(driver, "cuIpcGetMemHandle", ctypes.byref(handle), pointer)
    except NoRegionError:
        called(driver, "cuMemFree_v2", pointer)
        raise
    name = f"fair-audit-{os.getpid()}-{started(os.getpid()) or 0}-{secrets.token_hex(8)}"
    there = (ctypes.c_uint8 * size).from_address(pointer.value or 0)
    memory = np.frombuffer(memoryview(there), np.uint8)
    return CudaRegion(name, memory, driver, context, base64.b64encode(bytes(handle)))


def called(driver: Any, function: str, *arguments: Any) -> None:
    """Call the driver.

    Raises:
        NoRegionError: it refuses; names its function and its number for what is wrong.
    """
    status = getattr(driver, function)(*arguments)
    if status != 0:
        raise NoRegionError(f"the driver of the GPU refuses ({function}: {status})")
