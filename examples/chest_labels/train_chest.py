"""Trains a small CNN on three findings at once and exports it for Triton.

python train_chest.py --images images

Writes `repository/chest/`, and `predictions.csv`, the network's own answers on the test pictures.
"""

import argparse
import csv
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

LABELS = ("Effusion", "Infiltration", "Atelectasis")
SIDE = 64
MEAN, STD = 0.5, 0.25
EPOCHS, BATCH = 20, 32


def picture(path: Path) -> torch.Tensor:
    """(1, 64, 64) uint8: grey, both sides resized."""
    with Image.open(path) as stored:
        small = stored.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(small))[None]


def normalised(pictures: torch.Tensor) -> torch.Tensor:
    """Numbers of about -2 to 2."""
    return (pictures.float() / 255 - MEAN) / STD


def network() -> nn.Module:
    """(B, 1, 64, 64) to a logit for each finding."""
    layers: list[nn.Module] = []
    for before, after in ((1, 12), (12, 24), (24, 48)):
        convolution = nn.Conv2d(before, after, 3, stride=2, padding=1)
        layers += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
    pooled = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3)]
    return nn.Sequential(*layers, *pooled, nn.Linear(48 * 4, len(LABELS)))


def train(model: nn.Module, pictures: torch.Tensor, labels: torch.Tensor) -> None:
    """Twenty epochs of AdamW, half of the pictures mirrored."""
    rarity = (1 - labels).sum(dim=0) / labels.sum(dim=0)
    judged = nn.BCEWithLogitsLoss(pos_weight=rarity)  # so that 0.5 parts the two
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    for _ in range(EPOCHS):
        for chosen in torch.split(torch.randperm(len(pictures)), BATCH):
            batch = normalised(pictures[chosen])
            batch = torch.where(torch.rand(len(batch), 1, 1, 1) < 0.5, batch.flip(3), batch)
            loss = judged(model(batch), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
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
            (torch.zeros(2, 1, SIDE, SIDE),),
            folder / "1" / "model.onnx",
            input_names=["radiograph"],
            output_names=["findings"],
            dynamic_shapes=({0: "batch"},),
            opset_version=18,
            external_data=False,
            verbose=False,
        )


def main() -> None:
    """Train, export, and write down what the network says of the test pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder of the pictures")
    folder = parser.parse_args().images
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with Path("table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    pictures = torch.stack([picture(folder / row["file"]) for row in rows])
    labels = torch.tensor([[float(row[label]) for label in LABELS] for row in rows])
    training = torch.tensor([row["split"] == "train" for row in rows])
    model = network()
    train(model, pictures[training], labels[training])
    model.eval()
    with torch.no_grad():
        chances = model(normalised(pictures[~training])).sigmoid()
    tested = [row["file"] for row in rows if row["split"] == "test"]
    with Path("predictions.csv").open("w", newline="") as file:
        csv.writer(file).writerow(["file", *LABELS])
        for name, found in zip(tested, chances.tolist(), strict=True):
            csv.writer(file).writerow([name, *found])
    export(model, Path("repository/chest"))
    print(f"predictions.csv: {len(tested)} pictures")


if __name__ == "__main__":
    main()
