"""The files of `deploy/`, read."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
Document = dict[str, Any]


def read(path: Path) -> Document:
    """One YAML document."""
    found = yaml.safe_load(path.read_text())
    assert isinstance(found, dict)
    return found


def compose() -> Document:
    return read(DEPLOY / "compose.yaml")


@cache
def manifests() -> dict[Path, list[Document]]:
    """Files of Kubernetes that are no kustomizations, with their documents; read only."""
    files = [file for file in sorted(KUBERNETES.rglob("*.yaml")) if file.stem != "kustomization"]
    return {file: list(yaml.safe_load_all(file.read_text())) for file in files}


def everything() -> list[Document]:
    return [document for documents in manifests().values() for document in documents]


def named(kind: str, name: str) -> Document:
    (found,) = (d for d in everything() if (d["kind"], d["metadata"]["name"]) == (kind, name))
    return found


def pods() -> Iterator[tuple[str, Document]]:
    """Name and pod specification of every Deployment, Job and CronJob."""
    for document in everything():
        spec = document.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield document["metadata"]["name"], spec["template"]["spec"]


def pod(name: str) -> Document:
    return dict(pods())[name]


def run(*command: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command from the root of the repository, with these variables and PATH alone."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
    )
