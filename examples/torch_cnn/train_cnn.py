"""Trains a small CNN on the painted spots and exports it, as anybody does with torch alone.

Writes `repository/spots/` for Triton, and `predictions.csv`, the network's own answers on the test
pictures: the audit of the served model must find the same.
"""

import csv
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

SHORTER, SIDE = 64, 56
"""Of torchvision's Resize(64) and CenterCrop(56)."""
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
EPOCHS, BATCH = 8, 32


def prepared(path: Path) -> torch.Tensor:
    """(3, 56, 56): the picture resized, cropped and normalised as ImageNet's are."""
    with Image.open(path) as picture:
        width, height = picture.size
        scale = SHORTER / min(width, height)
        small = picture.resize((int(width * scale), int(height * scale)), Image.Resampling.BILINEAR)
    left, top = round((small.width - SIDE) / 2), round((small.height - SIDE) / 2)
    pixels = np.asarray(small.crop((left, top, left + SIDE, top + SIDE)), np.float32) / 255
    return ((torch.from_numpy(pixels) - MEAN) / STD).permute(2, 0, 1)


def network() -> nn.Module:
    """(B, 3, 56, 56) to two logits, benign and malignant."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 2),
    )


def train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Eight epochs of AdamW."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(EPOCHS):
        for chosen in torch.split(torch.randperm(len(images)), BATCH):
            loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's
            optimizer.step()


def export(model: nn.Module, folder: Path) -> None:
    """Put the network into a Triton repository, beside the configuration written by hand."""
    (folder / "1").mkdir(parents=True, exist_ok=True)
    shutil.copy("config.pbtxt", folder)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, unused here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on the exporter's own parts
        torch.onnx.export(
            model,
            (torch.zeros(2, 3, SIDE, SIDE),),
            folder / "1" / "model.onnx",
            input_names=["pixels"],
            output_names=["scores"],
            dynamic_shapes=({0: "batch"},),
            opset_version=18,
            external_data=False,
            verbose=False,
        )


def main() -> None:
    """Train, export, and write down what the network says of the test pictures."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with Path("table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = torch.stack([prepared(Path(row["file"])) for row in rows])
    labels = torch.tensor([int(row["malignant"]) for row in rows])
    training = torch.tensor([row["split"] == "train" for row in rows])
    testing = torch.tensor([row["split"] == "test" for row in rows])
    model = network()
    train(model, images[training], labels[training])
    model.eval()
    with torch.no_grad():
        chances = model(images[testing]).softmax(dim=1)[:, 1]
    right = ((chances >= 0.5) == labels[testing]).float().mean()
    print(f"accuracy on the test pictures: {right:.3f}")
    tested = [row["file"] for row in rows if row["split"] == "test"]
    with Path("predictions.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["file", "malignant"], *zip(tested, chances.tolist(), strict=True)]
        )
    export(model, Path("repository/spots"))


if __name__ == "__main__":
    main()
