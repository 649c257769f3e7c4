"""The Compose file: valid, closed to other machines, and its audit is the README's command."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from deploy_files import DEPLOY, ROOT, compose, run

FILES = ("deploy/compose.yaml", "deploy/compose.gpu.yaml")
PASSWORD = "GRAFANA_PASSWORD"


def test_it_is_of_the_compose_specification() -> None:
    # The specification's own schema is in this package.
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("needs check-jsonschema, of the extra dev: pip install check-jsonschema")
    check = ("-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec")
    done = subprocess.run(
        [sys.executable, *check, *FILES], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def configured(**environment: str) -> "subprocess.CompletedProcess[str]":
    """What docker-compose makes of the files with these variables."""
    if shutil.which("docker-compose", path="/usr/bin:/bin") is None:
        pytest.skip("needs docker-compose: apt-get install docker-compose")
    return run("docker-compose", *(f"--file={file}" for file in FILES), "config", **environment)


def test_docker_compose_reads_it() -> None:
    whole = configured(GRAFANA_PASSWORD="x")
    assert whole.returncode == 0, whole.stderr
    # Ports are open to this machine alone, unless told otherwise.
    published = re.findall(r"^ +- (\S+:\d+:\d+/tcp)$", whole.stdout, re.M)
    assert len(published) == 5
    assert {port.split(":")[0] for port in published} == {"127.0.0.1"}


@pytest.mark.further
def test_it_follows_its_variables() -> None:
    without = configured()
    assert without.returncode == 1
    assert f"set {PASSWORD}" in without.stderr
    other = configured(GRAFANA_PASSWORD="x", BIND="0.0.0.0", TRITON_TAG="25.01-py3").stdout
    assert other.count("- 0.0.0.0:") == 5
    assert "image: nvcr.io/nvidia/tritonserver:25.01-py3" in other


def test_it_publishes_by_the_variable_alone() -> None:
    ports = [
        port for service in compose()["services"].values() for port in service.get("ports", ())
    ]
    assert [port for port in ports if not port.startswith("${BIND:-127.0.0.1}:")] == []


def test_its_audit_is_the_command_of_the_readme() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    start = "fair-audit --endpoint localhost:8001 "
    typed = [line for line in lines if line.startswith(start) and not line.endswith("\\")]
    words = shlex.split(typed[0], comments=True)[1:]
    ours = compose()["services"]["audit"]["command"]
    assert ours[: len(words)] == [word.replace("localhost", "triton") for word in words]
    assert ours[len(words) :] == ["--metrics-file", "/metrics/fair-audit.prom"]


def test_triton_is_asked_when_it_is_ready_and_cannot_change_its_models() -> None:
    services = compose()["services"]
    triton = services["triton"]
    assert "http://127.0.0.1:8000/v2/health/ready" in triton["healthcheck"]["test"]
    assert services["audit"]["depends_on"] == {"triton": {"condition": "service_healthy"}}
    assert triton["volumes"] == ["${MODEL_REPOSITORY:-../model_repository}:/models:ro"]
    assert "--model-repository=/models" in triton["command"]
    serving = (ROOT / "docs" / "serving.md").read_text()
    assert triton["shm_size"] == "1gb"
    assert "--shm-size=1g " in serving
    (default,) = re.findall(r":-([\w.-]+)\}$", triton["image"])
    assert f"nvcr.io/nvidia/tritonserver:{default}" in serving


def test_no_service_may_do_more_than_it_must() -> None:
    services = compose()["services"]
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.keys() & {"privileged", "network_mode", "pid", "cap_add"}, name
    written = {
        name: [v for v in service["volumes"] if not v.endswith(":ro")]
        for name, service in services.items()
    }
    assert written == {
        "triton": [],
        "audit": ["${REPORTS:-../reports}:/audit/reports", "metrics:/metrics"],
        "watch": ["${REPORTS:-../reports}:/audit/reports", "metrics:/metrics"],
        "audit-metrics": [],
        "prometheus": ["prometheus:/prometheus"],
        "grafana": ["grafana:/var/lib/grafana"],
    }


def test_no_password_is_inside() -> None:
    services = compose()["services"].values()
    variables = {name: text for s in services for name, text in s.get("environment", {}).items()}
    secret = {
        name: text
        for name, text in variables.items()
        if re.search("PASSWORD|SECRET|TOKEN|KEY", name)
    }
    assert list(secret) == ["GF_SECURITY_ADMIN_PASSWORD"]
    assert secret["GF_SECURITY_ADMIN_PASSWORD"].startswith(f"${{{PASSWORD}:?")


def test_every_folder_that_it_mounts_from_deploy_is_there() -> None:
    mounted = re.findall(r"- (\./[\w/]+):", (DEPLOY / "compose.yaml").read_text())
    assert len(mounted) == 4
    assert [path for path in mounted if not (DEPLOY / path).is_dir()] == []
