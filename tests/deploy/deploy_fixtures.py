"""Folders in the place of volumes, and a real Triton of the models in them, once for all tests."""

from collections.abc import Iterator

import pytest
from deployed import Volumes, filled, free_port

from serving.launcher import TritonServer


@pytest.fixture(scope="session")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> Volumes:
    """Filled once for all tests here."""
    return filled(tmp_path_factory.mktemp("volumes"))


@pytest.fixture(scope="session")
def triton(volumes: Volumes) -> Iterator[tuple[str, str]]:
    """The gRPC address of a real Triton of these models, and that of its metrics."""
    metrics = f"127.0.0.1:{free_port()}"
    address, port = metrics.split(":")
    flags = (f"--metrics-address={address}", f"--metrics-port={port}", "--allow-metrics=true")
    with TritonServer(volumes.models, arguments=flags) as server:
        yield server.grpc_endpoint, metrics
