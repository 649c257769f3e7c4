"""Exports a detector that was never trained: how much brighter a spot is than the rest.

Writes `repository/nodules/` for Triton, and `predictions.csv`, what the detector says of the files
when pydicom alone reads them: the audit of the served model must find the same.
"""

import csv
import shutil
import warnings
from pathlib import Path

import numpy as np
import pydicom
import torch
from PIL import Image
from pydicom.pixels.processing import apply_rescale, apply_windowing
from torch import nn

ROWS, COLUMNS = 48, 40


class Detector(nn.Module):
    """(B, 1, 48, 40) from -1 to 1, to one logit: above 0 there is a nodule."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The most by which 5 x 5 pixels are brighter than the 13 x 13 around them."""
        spot = nn.functional.avg_pool2d(images, 5, stride=1)[:, :, 4:-4, 4:-4]
        brighter: torch.Tensor = spot - nn.functional.avg_pool2d(images, 13, stride=1)
        return 20 * (brighter.amax(dim=(2, 3)) - 0.14)


def shown(path: Path) -> Image.Image:
    """A file as a viewer shows it, 8-bit grey."""
    scan = pydicom.dcmread(path)
    windowed = apply_windowing(apply_rescale(scan.pixel_array, scan), scan)
    grey = (windowed - scan.RescaleIntercept) / (scan.RescaleSlope * 4095) * 255
    if scan.PhotometricInterpretation == "MONOCHROME1":
        grey = 255 - grey
    return Image.fromarray(np.rint(grey).astype(np.uint8))


def prepared(path: Path) -> torch.Tensor:
    """(1, 48, 40): the file resized, and from 0..255 to -1..1."""
    small = shown(path).resize((COLUMNS, ROWS), Image.Resampling.BILINEAR)
    return torch.from_numpy((np.asarray(small, np.float32) / 255 - 0.5) / 0.5)[None]


def export(model: nn.Module, folder: Path) -> None:
    """Put the detector into a Triton repository, beside the configuration written by hand."""
    (folder / "1").mkdir(parents=True, exist_ok=True)
    shutil.copy("config.pbtxt", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch has a newer exporter
        torch.onnx.export(
            model,
            (torch.zeros(2, 1, ROWS, COLUMNS),),
            folder / "1" / "model.onnx",
            input_names=["scan"],
            output_names=["nodule"],
            dynamic_axes={"scan": {0: "batch"}, "nodule": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )


def main() -> None:
    """Export the detector, and write down what it says of every file."""
    torch.set_num_threads(1)
    with Path("table.csv").open(newline="") as file:
        paths = [row["file"] for row in csv.DictReader(file)]
    model = Detector().eval()
    chances = model(torch.stack([prepared(Path(path)) for path in paths])).sigmoid()[:, 0]
    with Path("predictions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "nodule"], *zip(paths, chances.tolist(), strict=True)])
    export(model, Path("repository/nodules"))


if __name__ == "__main__":
    main()
