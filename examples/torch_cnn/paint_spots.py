"""Paints pictures of spots on skin, and writes the table beside them; nothing is from a patient.

A redder spot is more often `malignant`. Two scanners take the pictures, and the lamp of `Beta`
makes redness drift from one to the next. That difference is planted; sex changes nothing.
"""

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

PICTURES = Path("pictures")
SPLITS = ["train"] * 600 + ["val"] * 200 + ["test"] * 400
SIZE = (72, 88)
"""Rows and columns."""
SKIN, SPOT, RED = np.array([214, 170, 142]), np.array([132, 84, 66]), np.array([26, -14, -14])


def painted(rng: np.random.Generator, redness: float) -> Image.Image:
    """One spot on skin; `redness` is about 0 for benign and 2 for malignant ones."""
    rows, columns = np.indices(SIZE)
    row, column = rng.uniform(26, 46), rng.uniform(30, 58)
    radius, tilt = rng.uniform(7, 12), rng.uniform(0.7, 1.3)
    distance = np.hypot((rows - row) * tilt, (columns - column) / tilt)
    inside = 1 / (1 + np.exp(distance - radius))[:, :, np.newaxis]
    light = rng.uniform(0.85, 1.1)
    colours = light * (SKIN * (1 - inside) + (SPOT + redness * RED) * inside)
    colours = colours + rng.normal(0, 6, colours.shape)
    picture = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def main() -> None:
    """Write `table.csv` and `pictures/`."""
    rng = np.random.default_rng(7)
    PICTURES.mkdir(exist_ok=True)
    with Path("table.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "malignant", "scanner", "sex", "split"])
        for number, split in enumerate(SPLITS):
            scanner = "Beta" if rng.random() < 0.5 else "Alpha"
            sex = ("Female", "Male")[rng.integers(2)]
            malignant = int(rng.integers(2))
            redness = rng.normal(2.2 * malignant, 2.0 if scanner == "Beta" else 0.9)
            name = f"spot{number:04}.png"
            painted(rng, redness).save(PICTURES / name)
            table.writerow([f"{PICTURES}/{name}", malignant, scanner, sex, split])
    print(f"table.csv: {len(SPLITS)} pictures, {SPLITS.count('test')} of them for the test")


if __name__ == "__main__":
    main()
