"""Paints grey images that look like scanning-laser-ophthalmoscope (SLO) fundus photographs.

Nothing here was taken from a patient or learned from one. An image is a product of layers: choroid
texture, nerve-fibre streaks around the optic disc, the disc with its brighter cup, the fovea,
branching vessels, vignetting, and sensor noise. Positions are (row, column) in pixels of a right
eye; a left eye is its mirror image.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fairness.arrays import Array, FloatArray, Image
from fairness.synthetic.vessels import vessel_shade

HEIGHT, WIDTH = 664, 512
"""Rows and columns of the images in Harvard-FairVLMed."""

RIGHT_EYE, LEFT_EYE = "OD", "OS"

_RETINA, _DISC, _CUP = 72.0, 16.0, 66.0
"""Grey level of the retina, and what the disc adds to it, and the cup to the disc."""


@dataclass(frozen=True)
class Disc:
    """The optic disc of a right eye."""

    row: float
    column: float
    radius: float
    """Half of the vertical diameter, pixels."""
    tilt: float
    """Radians by which its long axis leans."""


def paint(rng: np.random.Generator, eye: str, cup_to_disc: float, contrast: float = 1.0) -> Image:
    """Paint one (664, 512) uint8 image.

    Args:
        rng: decides everything that the other arguments leave open.
        eye: `OD` (disc on the right) or `OS` (on the left).
        cup_to_disc: vertical cup-to-disc ratio in (0, 1).
        contrast: visibility of the cup: 1 as acquired well, 0 invisible.
    """
    disc = Disc(
        row=HEIGHT / 2 + rng.normal(0, 10),
        column=WIDTH * 0.62 + rng.normal(0, 8),
        radius=rng.normal(84, 4),
        tilt=rng.normal(0, 0.25),
    )
    grey = paint_retina(rng, disc, (HEIGHT, WIDTH))
    _add_disc(grey, rng, disc, cup_to_disc, contrast)
    return seen_from(eye, finish(grey, rng, disc))


def paint_retina(rng: np.random.Generator, disc: Disc, shape: tuple[int, int]) -> FloatArray:
    """What lies behind the disc: choroid and nerve fibres of a right eye, (H, W) float32."""
    grey: FloatArray = _RETINA * _choroid(rng, shape)
    grey *= _nerve_fibres(rng, disc, shape)
    return grey


def finish(grey: FloatArray, rng: np.random.Generator, disc: Disc) -> Image:
    """Add fovea, vessels, vignetting and noise, overwriting `grey`; (H, W) uint8."""
    height, width = grey.shape
    _darken_fovea(grey, rng, disc)
    grey *= vessel_shade(rng, disc.row, disc.column, disc.radius, (height, width))
    grey *= _vignette((height, width)) * np.float32(np.exp(rng.normal(0, 0.1)))
    _add_noise(grey, rng)
    image: Image = np.clip(grey, 0, 255, out=grey).astype(np.uint8)
    return image


def seen_from(eye: str, right: Image) -> Image:
    """The image of a right eye, mirrored if `eye` is the left one."""
    return right if eye == RIGHT_EYE else np.ascontiguousarray(right[:, ::-1])


def _choroid(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Blotches of two sizes around 1, (H, W) float32."""
    coarse = rng.normal(0, 0.1, (7, 6)).astype(np.float32)
    fine = rng.normal(0, 0.075, (42, 32)).astype(np.float32)
    fine += _spread(42, 7) @ coarse @ _spread(32, 6).T
    return 1 + _spread(shape[0], 42) @ fine @ _spread(shape[1], 32).T


@lru_cache(maxsize=8)
def _spread(size: int, knots: int) -> FloatArray:
    """Weights (size, knots) that blend values at evenly spaced knots into a smooth curve."""
    where = np.linspace(0, knots - 1, size)[:, None]
    weights = np.exp(-(((where - np.arange(knots)) / 0.65) ** 2))
    smooth: FloatArray = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return smooth


def _nerve_fibres(rng: np.random.Generator, disc: Disc, shape: tuple[int, int]) -> FloatArray:
    """Faint streaks that radiate from the disc, around 1, (H, W) float32."""
    angle, fade = _polar(shape)
    height, width = shape
    top, left = height - round(disc.row), width - round(disc.column)
    window = np.s_[top : top + height, left : left + width]
    # The bundles are thickest above and below the disc, a quarter turn from the axis.
    bundles = np.abs(np.sin(np.arange(_BINS) * (2 * np.pi / _BINS)))
    light = (bundles * rng.normal(0.28, 0.1, _BINS)).astype(np.float32)
    streaks: FloatArray = np.take(light, angle[window]) * fade[window]
    return 1 + streaks


_BINS = 1024


@lru_cache(maxsize=2)
def _polar(shape: tuple[int, int]) -> tuple[Array, FloatArray]:
    """Angle bin (0..1023) and strength of the streaks around the centre of a (2H, 2W) field."""
    height, width = shape
    rows = np.arange(-height, height)[:, None]
    columns = np.arange(-width, width)
    turn = np.arctan2(rows, columns) / (2 * np.pi) + 0.5
    distance = np.hypot(rows, columns) / (height / HEIGHT)
    fade = np.clip(distance / 90 - 0.6, 0, 1) * np.exp(-distance / 260)
    return (turn * (_BINS - 0.001)).astype(np.int16), fade.astype(np.float32)


def _add_disc(
    grey: FloatArray, rng: np.random.Generator, disc: Disc, cup_to_disc: float, contrast: float
) -> None:
    """Brighten the disc, its rim, and within it the cup, in place."""
    reach = round(disc.radius * 1.25)
    top, left = round(disc.row) - reach, round(disc.column) - reach
    side = np.arange(2 * reach, dtype=np.float32)
    down = (side[:, None] + np.float32(top - disc.row)) / np.float32(disc.radius)
    right = (side + np.float32(left - disc.column)) / np.float32(disc.radius)
    y = down * np.float32(np.cos(disc.tilt)) - right * np.float32(np.sin(disc.tilt))
    x = right * np.float32(np.cos(disc.tilt)) + down * np.float32(np.sin(disc.tilt))
    x /= np.float32(0.9)
    radius = np.sqrt(y * y + x * x)
    # The cup lies a little to the temporal side, slopes at its edge, is brightest in the middle.
    x += np.float32(0.06)
    cup_radius = np.sqrt(y * y + x * x) / np.float32(cup_to_disc)
    within = inside(radius, 16)
    light = within * np.float32(_DISC + rng.normal(0, 5))
    light += np.clip(1 - np.abs(radius - 1) * 16, 0, 1) * np.float32(7)
    cup = contrast * _CUP * np.exp(rng.normal(0, 0.12))
    light += within * inside(cup_radius, 6) * (1 - 0.25 * cup_radius) * np.float32(cup)
    grey[top : top + 2 * reach, left : left + 2 * reach] += light


def inside(distance: FloatArray, sharpness: float) -> FloatArray:
    """1 where `distance` is below 1, 0 above, with a linear edge of width 1 / sharpness."""
    return np.clip((1 - distance) * np.float32(sharpness) + np.float32(0.5), 0, 1)


def _darken_fovea(grey: FloatArray, rng: np.random.Generator, disc: Disc) -> None:
    """The fovea: a dark spot three disc radii to the temporal side, a bit lower; in place."""
    height, width = grey.shape
    unit = height / HEIGHT
    row = disc.row + (26 + rng.normal(0, 8)) * unit
    column = disc.column + (-235 + rng.normal(0, 8)) * unit
    down = np.exp(-(((np.arange(height) - row) / (58 * unit)) ** 2)).astype(np.float32)
    right = np.exp(-(((np.arange(width) - column) / (58 * unit)) ** 2)).astype(np.float32)
    grey *= 1 - np.float32(0.38) * np.outer(down, right)


@lru_cache(maxsize=2)
def _vignette(shape: tuple[int, int]) -> FloatArray:
    """Fall-off of the light towards the corners, (H, W) float32 in (0, 1)."""
    rows = np.linspace(-1, 1, shape[0])[:, None]
    columns = np.linspace(-0.9, 0.9, shape[1])
    light: FloatArray = 1 / (1 + np.exp((np.hypot(rows, columns) - 1.12) / 0.11))
    return light.astype(np.float32)


def _add_noise(grey: FloatArray, rng: np.random.Generator) -> None:
    """Speckle and read-out noise, in place: the sum of two uniform bytes is nearly normal."""
    pair = rng.integers(0, 256, (2, *grey.shape), dtype=np.uint8)
    noise = pair[0].astype(np.float32)
    noise += pair[1]
    noise -= np.float32(255)
    grey *= 1 + noise * np.float32(0.0011)
    grey += noise[::-1] * np.float32(0.03)
