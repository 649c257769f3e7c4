"""All sites on this machine by Flower's simulation: each client in a process that Ray runs."""

import logging
from pathlib import Path

import torch
from flwr.app import Context
from flwr.serverapp import Grid, ServerApp
from flwr.simulation import run_simulation

from training.fairlora.client_app import app as client_app
from training.fairlora.config import Config
from training.fairlora.server_app import lead


def simulate(config: Config, folder: Path, resume: bool, val_sha256: str) -> None:
    """Run `lead` with the sites as processes of this machine.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: none of the sites could train.
    """
    # Flower says that `flwr run` is to be preferred; that needs a background server of its own,
    # which outlives the run. Errors are reported by the strategy.
    logging.getLogger("flwr").setLevel(logging.CRITICAL)
    server_app = ServerApp()

    @server_app.main()
    def main(grid: Grid, context: Context) -> None:
        lead(grid, config, folder, resume, val_sha256, all_here=True)

    gpus = torch.cuda.device_count() / config.clients
    run_simulation(
        server_app,
        client_app,
        num_supernodes=config.clients,
        backend_config={
            "client_resources": {"num_cpus": config.threads, "num_gpus": min(gpus, 1.0)},
            "init_args": {"include_dashboard": False},
        },
    )
