"""Somebody else's model: paints pictures, trains a small CNN on some, exports it, as plain torch.

Writes `cnn/model.onnx` and, of people that the model never saw, `people/people.csv` beside their
pictures. The pictures of one group of scanners are noisier, so the model is worse there.
"""

import csv
import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

HERE = Path(__file__).parent
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def picture(rng: np.random.Generator, finding: int, noise: float) -> Image.Image:
    """An orange field of 96 x 80 pixels, with a pale spot somewhere where there is a finding."""
    rows, columns = np.mgrid[:80, :96]
    field = (
        np.array([180.0, 90.0, 40.0]) * (1 - 0.003 * np.hypot(rows - 40, columns - 48))[..., None]
    )
    row, column = rng.uniform(20, 60), rng.uniform(24, 72)
    spot = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 60)[..., None]
    painted = field + finding * spot * 30 + rng.normal(0, noise, (80, 96, 3))
    return Image.fromarray(painted.clip(0, 255).astype(np.uint8))


def prepared(image: Image.Image) -> NDArray[np.float32]:
    """What the model takes: 3 x 64 x 64, normalised as for ImageNet."""
    small = np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR)) / 255
    tensor: NDArray[np.float32] = ((small - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)
    return tensor


def trained(rng: np.random.Generator) -> nn.Module:
    """A small CNN after some steps on pictures of both scanners; two logits."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 5, stride=2), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 2),
    )  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(100):
        labels = rng.integers(0, 2, 32)
        batch = [prepared(picture(rng, label, rng.choice([30, 180]))) for label in labels]
        loss = nn.functional.cross_entropy(
            model(torch.tensor(np.stack(batch))), torch.tensor(labels)
        )
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return model.eval()


def main() -> None:
    """Write the model, the pictures and the table."""
    rng = np.random.default_rng(7)
    model = trained(rng)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch meets its own deprecations
        torch.onnx.export(
            model, (torch.zeros(2, 3, 64, 64),), HERE / "cnn" / "model.onnx", dynamo=True,
            input_names=["pixels"], output_names=["scores"], opset_version=18,
            dynamic_shapes=({0: "batch"},), external_data=False, verbose=False,
        )  # fmt: skip
    people = HERE / "people"
    people.mkdir(exist_ok=True)
    with (people / "people.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "finding", "sex", "scanner"])
        for number in range(240):
            finding, sex = int(rng.integers(2)), "FM"[rng.integers(2)]
            scanner, noise = [("Alpha", 30), ("Beta", 180)][rng.integers(2)]
            picture(rng, finding, noise).save(people / f"{number:03}.png")
            table.writerow([f"{number:03}.png", finding, sex, scanner])
    print(f"{HERE / 'cnn' / 'model.onnx'} and {people / 'people.csv'}")


if __name__ == "__main__":
    main()
