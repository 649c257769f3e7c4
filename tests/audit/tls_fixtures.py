"""Real Triton servers with TLS, one of which asks its clients for certificates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from own_authority import OwnAuthority
from served import SPEC, mean_grey, with_probes, write_model

from serving.launcher import TritonServer

HOSTS = ("localhost", "127.0.0.1")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> OwnAuthority:
    """The one that the servers' certificates are of."""
    return OwnAuthority(tmp_path_factory.mktemp("authority"), "ward")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> OwnAuthority:
    """Another one."""
    return OwnAuthority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="session")
def two_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one sound model, and one without a self-description."""
    repository = tmp_path_factory.mktemp("two_models")
    write_model(repository, "sound", with_probes(SPEC), mean_grey())
    write_model(repository, "bare", None, mean_grey())
    return repository


@pytest.fixture(scope="session")
def tls_endpoint(authority: OwnAuthority, two_models: Path) -> Iterator[str]:
    certificate, key = authority.pair("server", HOSTS)
    files = [f"--grpc-server-cert={certificate}", f"--grpc-server-key={key}"]
    with TritonServer(two_models, arguments=["--grpc-use-ssl=true", *files]) as server:
        yield server.grpc_endpoint


@pytest.fixture(scope="session")
def mutual_endpoint(authority: OwnAuthority, two_models: Path) -> Iterator[str]:
    certificate, key = authority.pair("mutual_server", HOSTS)
    files = [f"--grpc-server-cert={certificate}", f"--grpc-server-key={key}"]
    flags = ["--grpc-use-ssl-mutual=true", f"--grpc-root-cert={authority.ca}", *files]
    with TritonServer(two_models, arguments=flags) as server:
        yield server.grpc_endpoint
