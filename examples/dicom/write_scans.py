"""Writes small DICOM files as two makers might, and the table beside them; nobody was scanned.

Shadows of a chest, some with a bright spot. The noise of `Borealis Medical` looks like faint
spots: that is planted; sex and age change nothing. Half of its files are MONOCHROME1, inverted.
"""

import csv
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

SCANS, FILES = Path("scans"), 120
SIZE, STORED = (96, 80), 4095
"""Rows and columns; the largest number of 12 bits."""
NOISE = {"Aster Imaging": 0.05, "Borealis Medical": 0.35}
"""Of each maker, on a scale where black is 0 and white 1."""
RESCALE = {"Aster Imaging": (0.5, -1000), "Borealis Medical": (1, 0)}
"""Slope and intercept."""


def painted(rng: np.random.Generator, spot: float, noise: float) -> NDArray[np.float64]:
    """A chest, from black 0 to white 1; the brightness of its spot may be 0."""
    rows, columns = np.indices(SIZE) / np.array(SIZE).reshape(2, 1, 1)
    lungs = np.exp(-(((rows - 0.5) / 0.3) ** 2) - ((np.abs(columns - 0.5) - 0.2) / 0.15) ** 2)
    row, column = rng.uniform(0.3, 0.7), rng.choice([0.3, 0.7])
    bright = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 0.06**2)
    picture: NDArray[np.float64] = 0.4 - 0.15 * lungs + spot * bright + rng.normal(0, noise, SIZE)
    return picture


def scan(number: int, picture: NDArray[np.float64], maker: str, inverted: bool) -> pydicom.Dataset:
    """The picture as 12 bits with the tags that its maker would write; the black is at 10 %."""
    slope, intercept = RESCALE[maker]
    found = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"  # Computed Radiography
    found.SOPInstanceUID = generate_uid(entropy_srcs=["painted", str(number)])
    found.PatientID = f"PAINTED-{number:04}"
    found.Manufacturer = maker
    levels = (1 - picture if inverted else picture) * 0.8 + 0.1
    stored = np.clip(np.rint(levels * STORED), 0, STORED).astype(np.uint16)
    kind = "MONOCHROME1" if inverted else "MONOCHROME2"
    found.set_pixel_data(stored, kind, 12, generate_instance_uid=False)
    found.RescaleSlope, found.RescaleIntercept = slope, intercept
    found.WindowCenter = slope * 0.5 * STORED + intercept
    found.WindowWidth = slope * 0.8 * STORED
    return found


def main() -> None:
    """Write `scans/` and `table.csv`."""
    rng = np.random.default_rng(11)
    SCANS.mkdir(exist_ok=True)
    with Path("table.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "nodule", "patient"])
        for number in range(FILES):
            maker = [*NOISE][number % 2]
            nodule = int(rng.integers(2))
            spot = abs(rng.normal(0.3, 0.12)) if nodule else 0.0
            picture = painted(rng, spot, NOISE[maker])
            written = scan(number, picture, maker, maker != "Aster Imaging" and rng.random() < 0.5)
            written.PatientSex = "FM"[rng.integers(2)] if number % 20 else ""
            written.PatientAge = f"{rng.integers(20, 90):03}Y"
            path = SCANS / f"scan{number:03}.dcm"
            written.save_as(path, enforce_file_format=True)
            table.writerow([path, nodule, written.PatientID])
    print(f"table.csv: {FILES} DICOM files")


if __name__ == "__main__":
    main()
