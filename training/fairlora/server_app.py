"""Flower's ServerApp: waits for the sites, then leads the rounds. It needs no data of its own."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from fairness.errors import DataError
from training import settings
from training.fairlora import packing
from training.fairlora.architecture import architecture, start_model
from training.fairlora.best_model import BestModel
from training.fairlora.config import FREE, Config
from training.fairlora.local_prompts import shared_part
from training.fairlora.nodes import Nodes
from training.fairlora.round_state import RoundProgress, load_state
from training.fairlora.strategy import Rounds
from training.learned import say_auc
from training.resume import identity_of
from training.runlog import LOG, RunLog, log_to_terminal


def lead(
    grid: Grid,
    config: Config,
    folder: Path,
    resume: bool,
    val_sha256: str | None = None,
    *,
    all_here: bool = False,
) -> None:
    """Run all rounds, or those that are left.

    Args:
        grid: the federation.
        config: with a preset in place of `auto`, and the names of all sites.
        folder: of the run.
        resume: go on from the state in the folder, if there is one.
        val_sha256: fingerprint of the validation split over all sites, where it is at hand.
        all_here: every site is on this machine, so none is waited for once another was refused.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: sites are missing, or none could train.
    """
    config.check()
    nodes = Nodes(grid, config, all_here)
    settings.keep(config, folder)
    found = load_state(folder / "last", identity_of(config, FREE)) if resume else None
    with RunLog(folder, first_step=found[1].done + 1 if found else 0) as log:
        nodes.wait(config.clients, config.connect_timeout)
        site = nodes.joined[0]
        shape = architecture(config, site.target, site.groups, site.image_shape)
        model = start_model(config, shape)
        state = model.trainable_state()
        state = shared_part(state) if config.method == "fedotp" else state
        start = packing.unpack_arrays(packing.pack_arrays(state))
        tensors, progress = found or (start, RoundProgress())
        size = sum(array.nbytes for array in tensors.values())
        LOG.info(
            f"{config.method} on {config.clients} sites from {config.weights or 'random'} weights: "
            f"{sum(array.size for array in tensors.values()):,} numbers, {size:,} bytes a message"
        )
        if site.statement:
            LOG.info(site.statement)
        best = BestModel(folder / "best", config, model, nodes.joined, val_sha256)
        rounds = Rounds(config, shape, nodes, folder, progress, best, log)
        result = rounds.start(
            grid=grid,
            initial_arrays=packing.pack_arrays(tensors),
            num_rounds=config.rounds - progress.done,
            timeout=config.round_timeout,
        )
        if progress.done < config.rounds:
            tensors = packing.unpack_arrays(result.arrays)
        rounds.judge_last(grid, tensors)
        kept = rounds.progress
        if not kept.best_round:
            raise DataError("no round could be judged, so no model was kept; see the warnings")
        LOG.info(f"kept round {kept.best_round}: pooled validation AUC {kept.best_auc:.3f}")
        say_auc(kept.best_auc, (kept.best_low, kept.best_high), config.rounds, "rounds")


def from_run_config(values: Mapping[str, Any]) -> tuple[Config, Path, bool]:
    """Settings, folder and whether to resume, from the flat keys of a Flower app.

    `config` names a YAML file of settings beside the server; without it the one that comes with
    the method is read. `sites` are names with spaces between them. What is empty or 0 is not
    given.

    Raises:
        UsageError: a value is wrong.
    """
    given = {name: value for name, value in values.items() if value not in ("", 0)}
    folder, resume = Path(str(given.pop("out", "run"))), bool(given.pop("resume", False))
    file = Path(str(given.pop("config", settings.CONFIGS / "fairlora.yaml")))
    preset = str(given.pop("preset", "tiny"))
    if "sites" in given:
        given["sites"] = str(given["sites"]).split()
    plain = asdict(settings.read(Config, file, preset, "tiny")) | given
    return settings.validate(Config, plain, "the run's configuration"), folder, resume


app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Lead a deployed run; its settings come from the Flower app's configuration."""
    log_to_terminal()
    lead(grid, *from_run_config(context.run_config))
