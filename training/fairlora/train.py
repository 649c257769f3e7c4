"""FairLoRA's training with all sites on this machine."""

import logging
from dataclasses import replace
from pathlib import Path

from training.fairlora.client_app import app
from training.fairlora.config import Config
from training.fairlora.in_process import LocalGrid
from training.fairlora.server_app import lead
from training.fairlora.simulation import simulate
from training.fairlora.site import open_sites, site_names


def train(config: Config, folder: Path, resume: bool) -> Path:
    """Train with all sites on this machine; the folder of the best round's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or no site could train.
    """
    own = (config.state or folder / "sites").resolve()
    config = replace(config, data=config.root.resolve(), sites=site_names(config), state=own)
    config.check()
    val_sha256 = open_sites(config, "val", config.sites).fingerprint()
    if config.engine == "simulation":
        simulate(config, folder, resume, val_sha256)
    else:
        logging.getLogger("flwr").setLevel(logging.WARNING)
        lead(LocalGrid(app, config.clients), config, folder, resume, val_sha256)
    return folder / "best"
