"""Three servers with the same models, once for all tests here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from oip_models import MODELS, TENSORS, write_people, write_triton_models
from oip_servers import Addresses, kserve, mlserver
from served import SPEC, mean_grey, with_probes, write_model

from serving.launcher import TritonServer

VERSION = "v1.0-rc"


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of pictures."""
    return write_people(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="session")
def triton_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    repository = tmp_path_factory.mktemp("triton")
    write_triton_models(repository)
    write_model(repository, "sound", with_probes(SPEC), mean_grey())
    with TritonServer(repository) as server:
        yield Addresses(server.grpc_endpoint, f"http://{server.http_endpoint}")


@pytest.fixture(scope="session")
def mlserver_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    folder = tmp_path_factory.mktemp("mlserver") / "models"
    with mlserver(folder, MODELS, TENSORS, version=VERSION) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def kserve_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    with kserve(tmp_path_factory.mktemp("kserve") / "models", MODELS) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def servers(
    triton_server: Addresses, mlserver_server: Addresses, kserve_server: Addresses
) -> dict[str, Addresses]:
    """By name."""
    return {"triton": triton_server, "mlserver": mlserver_server, "kserve": kserve_server}
