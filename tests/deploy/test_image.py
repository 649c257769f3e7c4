"""The image of the audit: no torch, no data, no root. Docker itself is not run."""

import json
import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from deploy_files import DEPLOY, ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()
STEPS = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
HEAVY = {
    "torch",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "transformers",
    "nvidia-pytriton",
    "ray",
}


def steps(name: str) -> list[str]:
    return [step.split(maxsplit=1)[1] for step in STEPS if step.startswith(f"{name} ")]


def pulled(wanted: list[str]) -> set[str]:
    """Names of all packages that requirements bring, by what is installed here."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in wanted]
    while waiting:
        one = waiting.pop()
        extras = one.extras or {""}
        if one.marker is not None and not any(one.marker.evaluate({"extra": e}) for e in extras):
            continue
        name = canonicalize_name(one.name)
        if name in found:
            continue
        found.add(name)
        try:
            below = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        waiting += [
            r
            for r in below
            if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras)
        ]
    return found


def test_the_base_install_brings_no_torch() -> None:
    packages = pulled(PROJECT["dependencies"])
    assert {"numpy", "tritonclient", "grpcio", "pydantic-core", "markdown-it-py"} <= packages
    assert packages & HEAVY == set()
    assert {name for name in packages if name.startswith("nvidia-")} == set()
    # The same walk finds torch where it is asked for.
    assert "torch" in pulled(PROJECT["optional-dependencies"]["training"])


def test_it_installs_the_base_and_nothing_more() -> None:
    (install,) = (step for step in steps("RUN") if "pip install" in step)
    words = install.split("pip install", 1)[1].split()
    assert words == ["--no-cache-dir", "--disable-pip-version-check", "-c", "constraints.txt", "."]
    (entry,) = steps("ENTRYPOINT")
    assert json.loads(entry)[0] in PROJECT["scripts"]
    user = steps("USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "Kubernetes can only tell a number from root"
    assert len(steps("FROM")) == 2
    assert {step.split()[0] for step in steps("FROM")} == {"python:${PYTHON_TAG}"}
    assert steps("ARG") == ["PYTHON_TAG=3.11-slim"]


def test_what_it_copies_is_what_docker_is_let_see() -> None:
    copied = {
        source.rstrip("/")
        for step in steps("COPY")
        if not step.startswith("--from")
        for source in step.split()[:-1]
    }
    assert copied == {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    patterns = [line for line in IGNORED if line and not line.startswith("#")]
    assert patterns[0] == "*"
    # All packages that pyproject.toml installs are among them.
    text = (ROOT / "pyproject.toml").read_text()
    packages = tomllib.loads(text)["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.rstrip("*") for name in packages} <= copied


def test_docker_sees_no_data_runs_or_environment(tmp_path: Path) -> None:
    kept = ("audit/cli.py", "fairness/text.py", "pyproject.toml", "training/configs/a.yaml")
    hidden = (
        "data/fairvlmed/a.npz", "runs/a/model.safetensors", "reports/a/records/outcomes.parquet",
        ".venv/bin/python", ".git/config", "model_repository/a/1/model.onnx", "tests/a.py",
        "audit/__pycache__/cli.pyc", "deploy/.env", "patients.csv", "build/lib/a.py",
    )  # fmt: skip
    for name in (*kept, *hidden):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    # Docker's own client for Python, of the system: it comes with docker-compose.
    script = (
        "import json, os, sys; from docker.utils.build import exclude_paths as e; "
        "print(json.dumps([f for f in e(sys.argv[1], json.loads(sys.argv[2])) "
        "if os.path.isfile(os.path.join(sys.argv[1], f))]))"
    )
    patterns = json.dumps([line for line in IGNORED if line and not line.startswith("#")])
    done = subprocess.run(
        ["/usr/bin/python3", "-c", script, str(tmp_path), patterns], capture_output=True, text=True
    )
    if "No module named" in done.stderr or not Path("/usr/bin/python3").exists():
        pytest.skip("needs Docker's client for Python: apt-get install python3-docker")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == set(kept)
