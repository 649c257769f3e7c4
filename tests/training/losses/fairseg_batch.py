"""The golden batch of four tiny images, and its expected losses."""

import json
from pathlib import Path
from typing import Any

import torch

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "fairseg_losses.json").read_text("utf-8")
)
LOGITS = torch.tensor(GOLDEN["logits"])  # (4, 3, 3, 3)
LABELS = torch.tensor(GOLDEN["labels"])  # (4, 3, 3)
