"""The commands of `deploy/`, run as they stand there against a real Triton.

Of each only the addresses and the folders that are mounted are replaced.
"""

import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from deploy_files import named, pod
from served import SPEC, mean_grey, with_probes, write_model

from audit.cli import run
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

MODEL = "fairclip"


@dataclass(frozen=True)
class Volumes:
    """Folders in the place of those that are mounted: models, /audit, /metrics and /policy."""

    root: Path

    @property
    def models(self) -> Path:
        return self.root / "models"

    def here(self, word: str, endpoint: str) -> str:
        """A word of a command with an address and with folders that are there."""
        word = re.sub(r"\btriton:8001\b", endpoint, word)
        return re.sub(r"^(--[\w-]+=)?/(audit|metrics|policy)/", rf"\1{self.root}/\2/", word)

    def fair_audit(
        self, words: Sequence[str], endpoint: str, patch: pytest.MonkeyPatch,
        environment: Mapping[str, str] | None = None,
    ) -> int:  # fmt: skip
        """The exit code of a command of the image, begun in its folder."""
        with patch.context() as here:
            here.chdir(self.root / "audit")
            for name, value in (environment or {}).items():
                here.setenv(name, value)
            return run([self.here(word, endpoint) for word in words])


def filled(root: Path) -> Volumes:
    """A model that its own probes prove, images and the policy, which the model fails.

    Its answer is the mean grey level of an image, of which no disease can be told.
    """
    volumes = Volumes(root)
    for name in ("models", "audit/reports", "audit/data", "metrics", "policy"):
        (root / name).mkdir(parents=True)
    write_model(volumes.models, MODEL, with_probes(SPEC), mean_grey())
    fill_data(volumes, earlier=4)
    policy = named("ConfigMap", "audit-policy")["data"]["policy.yaml"]
    (root / "policy" / "policy.yaml").write_text(policy)
    return volumes


def fill_data(volumes: Volumes, earlier: int) -> None:
    """90 images of patients whose numbers come after so many `earlier` ones."""
    folder = volumes.root / "audit" / "data" / "fairvlmed"
    shutil.rmtree(folder, ignore_errors=True)
    write_fairvlmed(folder, Recipe(train=earlier - 2, val=2, test=90, seed=earlier - 1))


def words_of(name: str) -> list[str]:
    """The command of a Job, CronJob or Deployment."""
    (container,) = pod(name)["containers"]
    assert "command" not in container, "the image has an entry point"
    return list(container["args"])


def free_port() -> int:
    """Of 127.0.0.1, and nobody's at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
