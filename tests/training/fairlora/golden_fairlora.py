"""Golden values of FairLoRA's layer, heads and losses, in float64."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_FILE = Path(__file__).parents[2] / "golden" / "fairlora_model.json"
GOLDEN: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))


def float64(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def assert_golden(found: Tensor, expected: object) -> None:
    torch.testing.assert_close(found, float64(expected), rtol=0, atol=GOLDEN["tolerance"])
