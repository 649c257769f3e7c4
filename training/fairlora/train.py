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
from training.learned import require_both_classes


def train(config: Config, folder: Path, resume: bool) -> Path:
    """Train with all sites on this machine; the folder of the best round's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or no site could train.
    """
    own = (config.state or folder / "sites").resolve()
    config = replace(config, data=config.root.resolve(), sites=site_names(config), state=own)
    config.check()
    val = open_sites(config, "val", config.sites)
    if val.labels is not None:
        require_both_classes(val, val.labels)
    val_sha256 = val.fingerprint()
    if config.engine == "simulation":
        simulate(config, folder, resume, val_sha256)
    else:
        logging.getLogger("flwr").setLevel(logging.WARNING)
        grid = LocalGrid(app, config.clients)
        lead(grid, config, folder, resume, val_sha256, all_here=True)
    return folder / "best"
