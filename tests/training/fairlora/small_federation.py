"""Two synthetic hospitals, and a federation of them in this process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flwr.app import Context, Message
from safetensors.numpy import load_file

from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.site_recipe import SiteRecipe
from training import checkpoint, settings
from training.fairlora import packing
from training.fairlora.architecture import start_model
from training.fairlora.client_app import app
from training.fairlora.config import Config
from training.fairlora.in_process import LocalGrid
from training.fairlora.server_app import lead
from training.fairlora.site import site_names
from training.models.fairlora import FairLoRA, FairLoRAConfig

Call = Callable[[Message, Context], Message]


def write_hospitals(folder: Path) -> Path:
    """200 small radiographs at two sites."""
    root = folder / "hospitals"
    write_fairfedmed(root, SiteRecipe(kind="chest", patients=200, size=(24, 24), seed=3))
    return root


def hospital_config(root: Path, **changes: object) -> Config:
    """The preset tiny, as a deployed run reads it too, for two rounds on both hospitals."""
    defaults = settings.read(Config, settings.CONFIGS / "fairlora.yaml", "tiny", "tiny")
    config = replace(
        defaults, dataset="fairfedmed-chest", attribute="gender", data=root, rounds=2, squash=24
    )
    config = replace(config, **changes)  # type: ignore[arg-type]  # names vary by test
    return replace(config, sites=site_names(config))


def lead_here(config: Config, folder: Path, resume: bool = False, client: Call = app) -> None:
    """Run the rounds in this process."""
    config = replace(config, state=config.state or folder / "sites")
    lead(LocalGrid(client, config.clients), config, folder, resume)


def final(folder: Path) -> dict[str, bytes]:
    """The global tensors after the last round, as bytes by name."""
    tensors = load_file(folder / "last" / "state.safetensors")
    return {name: value.tobytes() for name, value in tensors.items()}


def rebuild(folder: Path, config: Config) -> FairLoRA:
    """The model of the best round."""
    stored = checkpoint.load(folder / "best")
    model = start_model(config, packing.read(FairLoRAConfig, stored.architecture, "test"))
    stored.fill(model)
    return model
