"""Paints the grey images of simulated federated data: fundus, OCT volume, radiograph.

Each shows two signs of a strength in 0..1, of which one tells the label; which one it is depends on
the group. Nothing here was taken from a patient or learned from one.
"""

from functools import lru_cache

import numpy as np

from fairness.arrays import Array, FloatArray, Image
from fairness.datasets.squash import squash
from fairness.synthetic.fundus import HEIGHT, LEFT_EYE, RIGHT_EYE, WIDTH, paint, seen_from


def paint_slo(rng: np.random.Generator, size: tuple[int, int], cup: float, defect: float) -> Image:
    """A fundus image, `size` (rows, columns) uint8.

    `cup` is the size of the optic cup, `defect` the darkness of two bundles of nerve fibres.
    """
    eye = (RIGHT_EYE, LEFT_EYE)[rng.integers(2)]
    image = paint(rng, eye, 0.25 + 0.6 * cup)
    shade = seen_from(eye, (255 * (1 - 0.6 * defect * _bundles())).astype(np.uint8))
    return squash((image * (shade / 255)).astype(np.uint8), size)


@lru_cache(maxsize=1)
def _bundles() -> FloatArray:
    """Where the two bundles of a right eye lie, (HEIGHT, WIDTH) in 0..1."""
    down = np.arange(HEIGHT)[:, None] - HEIGHT / 2
    left = WIDTH * 0.62 - np.arange(WIDTH)
    turn = np.abs(np.arctan2(down, left))
    outside = np.clip(np.hypot(down, left) / 60 - 1.6, 0, 1)
    bundles: FloatArray = np.exp(-(((turn - 1.0) / 0.3) ** 2)) * outside
    return bundles


_LAYERS = ((0.1, 100.0), (0.07, 145.0), (0.1, 85.0), (0.04, 215.0), (0.3, 95.0), (1.0, 14.0))
"""The retina below the nerve fibres, from the top: thickness as a share of the height, grey."""


def paint_oct(
    rng: np.random.Generator, shape: tuple[int, int, int], thinning: float, cup: float
) -> Image:
    """An OCT volume around the optic disc, `shape` (B-scans, depth, width) uint8.

    `thinning` is that of the nerve-fibre layer, `cup` the depth of the hollow at the disc.
    """
    scans, depth, width = shape
    y, x = np.linspace(-1, 1, scans)[:, None], np.linspace(-1, 1, width)
    away = (y - rng.normal(0, 0.05)) ** 2 + (x - rng.normal(0, 0.05)) ** 2
    tilt = rng.normal(0, 0.03, 2)
    edge = 0.2 + rng.normal(0, 0.02) + tilt[0] * y + tilt[1] * x
    edge = edge + 0.22 * cup * np.exp(-away / 0.1)
    fibres = (0.15 - 0.12 * thinning) * (1 - 0.5 * np.exp(-away / 0.08))
    rows = (np.arange(depth, dtype=np.float32)[:, None] + 0.5) / depth
    volume = np.full(shape, 14, dtype=np.float32)
    level = 14.0
    for thickness, grey in ((fibres, 185.0), *_LAYERS):
        below = (rows - edge[:, None].astype(np.float32)) * depth + 0.5
        volume += np.clip(below, 0, 1, out=below) * np.float32(grey - level)
        edge, level = edge + thickness, grey
    volume *= np.float32(np.exp(rng.normal(0, 0.08)))
    volume *= 1 + np.float32(0.2) * rng.standard_normal(shape, dtype=np.float32)
    image: Image = np.clip(volume, 0, 255, out=volume).astype(np.uint8)
    return image


def paint_chest(
    rng: np.random.Generator, most: tuple[int, int], fluid: float, haze: float
) -> Image:
    """A frontal radiograph, (H, W) uint8, of 70 to 100 % of the rows and columns of `most`.

    `fluid` is the height of an effusion at the costophrenic angle of one lung, `haze` a veil over
    the whole of that lung.
    """
    height, width = (round(side * rng.uniform(0.7, 1)) for side in most)
    side = (-1, 1)[rng.integers(2)]
    y = np.linspace(0, 1, height)[:, None] + rng.normal(0, 0.01)
    x = np.linspace(-1, 1, width) + rng.normal(0, 0.02)
    grey = 175 * _soft(1.1 - np.hypot(x, (y - 0.55) * 1.7), 12)
    grey -= 40 * np.abs(x) ** 1.5
    for lung in (-1, 1):
        air = _soft(1.0 - np.hypot((x - 0.43 * lung) / 0.33, (y - 0.46) / 0.38), 14)
        ribs = 9 * np.sin(55 * (y + 0.12 * x * x))
        grey -= air * (85 + rng.normal(0, 4) + ribs)
        if lung == side:
            # A meniscus: the fluid climbs towards the side wall.
            top = 0.84 - 0.36 * fluid - 0.25 * fluid * np.clip(x * lung - 0.4, 0, 1)
            grey += air * (75 * _soft(y - top, 25) + 48 * haze)
    grey += 45 * _soft(1.0 - np.hypot((x - 0.14) / 0.3, (y - 0.62) / 0.2), 10)
    grey = grey * np.exp(rng.normal(0, 0.06)) + rng.normal(0, 6, grey.shape)
    image: Image = np.clip(grey, 0, 255).astype(np.uint8)
    return image


def _soft(inside: Array, sharpness: float) -> FloatArray:
    """1 where `inside` is positive, 0 where it is negative, with a linear edge."""
    return np.clip(inside * sharpness + 0.5, 0, 1)
