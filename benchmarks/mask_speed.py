"""Masks scored a second on one core by ours and by MONAI, on the same masks in the same run.

Run: OMP_NUM_THREADS=1 python -m benchmarks.mask_speed

2,000 pairs of 512x512 class masks: ellipses of realistic sizes, drawn independently. Both sides
start from class masks (MONAI's one-hot input is part of its time) and give Dice and IoU of rim, cup
and disc, ours also empty masks and cup-to-disc ratios; with surfaces also HD95, mean surface
distance and surface Dice. MONAI gets fewer masks, and its time is scaled to 2,000.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from monai.metrics.hausdorff_distance import compute_hausdorff_distance
from monai.metrics.meandice import compute_dice
from monai.metrics.meaniou import compute_iou
from monai.metrics.surface_dice import compute_surface_dice
from monai.metrics.surface_distance import compute_average_surface_distance

from fairness.arrays import Image
from fairness.mask_scores import score_masks

MASKS, BATCH, SIZE = 2000, 20, 512
THEIRS, THEIRS_SURFACE = 200, 20
THRESHOLDS = [5.0, 5.0, 5.0]


def masks(rng: np.random.Generator) -> Image:
    """(B, H, W) discs of 130 to 230 pixels with a cup of 30 to 70 % of that, off its centre."""
    rows, columns = np.ogrid[:SIZE, :SIZE]
    found = np.zeros((BATCH, SIZE, SIZE), dtype=np.uint8)
    for mask in found:
        row, column = rng.normal(SIZE / 2, 5, 2)
        height, width = rng.uniform(65, 115) * rng.uniform(0.9, 1.1, 2)
        away = np.sqrt(((rows - row) / height) ** 2 + ((columns - column) / width) ** 2)
        mask[away <= 1] = 1
        mask[away <= rng.uniform(0.3, 0.7)] = 2
    return found


def monai(prediction: Image, reference: Image, surface: bool) -> None:
    """The same numbers from MONAI; its HD95 is the larger of the two directed percentiles."""
    ours, theirs = (
        torch.from_numpy(np.stack([m == 1, m == 2, m >= 1], axis=1).astype(np.float32))
        for m in (prediction, reference)
    )
    compute_dice(ours, theirs, ignore_empty=False)
    compute_iou(ours, theirs, ignore_empty=False)
    if surface:
        compute_hausdorff_distance(ours, theirs, include_background=True, percentile=95)
        compute_average_surface_distance(ours, theirs, include_background=True, symmetric=True)
        compute_surface_dice(ours, theirs, THRESHOLDS, include_background=True)


def seconds_a_mask(score: Callable[[Image, Image], object], count: int) -> float:
    """CPU seconds a mask over `count` masks, BATCH at a time, without the time to draw them."""
    rng, total = np.random.default_rng(0), 0.0
    for _ in range(count // BATCH):
        prediction, reference = masks(rng), masks(rng)
        start = time.process_time()
        score(prediction, reference)
        total += time.process_time() - start
    return total / count


def main() -> None:
    """Print the table and the ratios."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    warnings.simplefilter("ignore")  # MONAI, of its own arguments
    torch.set_num_threads(1)
    print("| one core | masks | CPU seconds for 2,000 | masks/s | MONAI / ours |")
    print("|---|--:|--:|--:|--:|")
    for surface, theirs in ((False, THEIRS), (True, THEIRS_SURFACE)):
        what = "with surface distances" if surface else "overlaps and ratios"
        ours = seconds_a_mask(partial(score_masks, surface=surface), MASKS)
        other = seconds_a_mask(partial(monai, surface=surface), theirs)
        for name, each, count in (("fair-audit", ours, MASKS), ("MONAI", other, theirs)):
            ratio = f"{other / ours:.1f}" if name == "fair-audit" else ""
            numbers = f"{count} | {each * MASKS:.1f} | {1 / each:.0f} | {ratio}"
            print(f"| {name}, {what} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
