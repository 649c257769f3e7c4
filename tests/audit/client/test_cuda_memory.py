"""Memory of a GPU, as far as that can be tested without one: refusals, and a driver of pretence."""

import base64
import ctypes
from typing import Any

import numpy as np
import pytest

from audit.client.cuda_memory import DRIVER, CudaRegion, make_cuda_region
from audit.client.ring import Ring
from audit.client.shared_memory import NAME, NoRegionError


class PretendDriver:
    """Has the functions of the driver's library; its GPU is a block of this process's memory."""

    def __init__(self, failing: str = "", size: int = 0) -> None:
        self.failing = failing
        self.block = (ctypes.c_uint8 * max(1, size))()
        self.called: list[str] = []

    def __getattr__(self, function: str) -> Any:
        def call(*arguments: Any) -> int:
            self.called.append(function)
            if function == self.failing:
                return 2  # CUDA_ERROR_OUT_OF_MEMORY
            if function == "cuMemAlloc_v2":
                arguments[0]._obj.value = ctypes.addressof(self.block)
            if function == "cuIpcGetMemHandle":
                arguments[0]._obj.raw = bytes(range(64))
            if function == "cuMemcpyHtoD_v2":
                place, source, size = (argument.value for argument in arguments)
                ctypes.memmove(place, source, size)
            return 0

        return call


def region_of(monkeypatch: pytest.MonkeyPatch, driver: PretendDriver, size: int) -> CudaRegion:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: {DRIVER: driver}[name])
    return make_cuda_region(size)


def test_without_a_driver_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.client.cuda_memory.DRIVER", "libno-such-driver.so.1")
    with pytest.raises(NoRegionError, match="no driver of a GPU here"):
        make_cuda_region(4096)


@pytest.mark.parametrize("function", ["cuInit", "cuMemAlloc_v2", "cuIpcGetMemHandle"])
def test_what_the_driver_refuses_is_named(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    driver = PretendDriver(failing=function)
    with pytest.raises(NoRegionError, match=rf"refuses \({function}: 2\)"):
        region_of(monkeypatch, driver, 4096)
    assert ("cuMemFree_v2" in driver.called) == (function == "cuIpcGetMemHandle")


def test_tensors_are_copied_to_their_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = PretendDriver(size=3 * 4096)
    region = region_of(monkeypatch, driver, 3 * 4096)
    assert NAME.fullmatch(region.name)
    assert base64.b64decode(region.handle) == bytes(range(64))
    ring = Ring(region, 4096, 2, 1000)
    images = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    slot = ring.take()
    region.write(slot, images.transpose(0, 2, 1))
    place = region.place_of(slot)
    assert place in (4096, 8192)
    written = bytes(driver.block)[place : place + images.nbytes]
    assert written == images.transpose(0, 2, 1).tobytes()
    region.remove()
    assert driver.called[-1] == "cuMemFree_v2"
