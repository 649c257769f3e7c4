"""FairLoRA: federated fine-tuning of CLIP with low-rank layers whose diagonal is mixed by group."""

import os

# Before any import of Flower or Ray: both report to their makers unless told not to.
for _name in ("FLWR_TELEMETRY_ENABLED", "RAY_USAGE_STATS_ENABLED"):
    os.environ.setdefault(_name, "0")
os.environ.setdefault("FLWR_DISABLE_UPDATE_CHECK", "1")
