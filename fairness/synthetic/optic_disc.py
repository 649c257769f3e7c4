"""Paints fundus images of any size together with the mask of their optic disc and cup.

The retina around the disc is that of `fundus.py`. Disc and cup are tilted ellipses whose borders
wave a little, drawn and labelled from the same curves, so that the mask is exact: 0 background, 1
rim, 2 cup.
"""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, Image
from fairness.synthetic.fundus import HEIGHT, Disc, finish, inside, paint_retina, seen_from

_RIM, _CUP = 22.0, 62.0
"""Grey levels that the disc adds to the retina, and the cup to the disc."""

_INNERMOST = 0.94
"""Where the cup ends at the latest, on the way from the disc's centre to its border."""


@dataclass(frozen=True)
class Outline:
    """A closed curve: an ellipse, tilted, whose border waves."""

    row: float
    column: float
    half_height: float
    """Pixels."""
    half_width: float
    tilt: float
    """Radians by which its long axis leans."""
    waves: tuple[complex, ...]
    """Size and phase of 2, 3, ... waves around the border, as shares of the radius."""

    def distance(self, rows: FloatArray, columns: FloatArray) -> FloatArray:
        """0 at the centre, 1 on the curve, larger outside; `rows` (h, 1), `columns` (w,)."""
        down, right = rows - self.row, columns - self.column
        cosine, sine = np.cos(self.tilt), np.sin(self.tilt)
        place = (right * cosine + down * sine) / self.half_width + 1j * (
            (down * cosine - right * sine) / self.half_height
        )
        radius = np.abs(place)
        direction = place / np.maximum(radius, 1e-6)
        border = 1.0
        for number, wave in enumerate(self.waves, start=2):
            border = border + (wave * direction**number).real
        distance: FloatArray = (radius / border).astype(np.float32)
        return distance


def paint_segmented(
    rng: np.random.Generator,
    eye: str,
    cup_to_disc: float,
    shape: tuple[int, int],
    contrast: float = 1.0,
) -> tuple[Image, Image]:
    """Paint an image and its mask, both (H, W) uint8.

    Args:
        rng: decides everything that the other arguments leave open.
        eye: `OD` (disc on the right) or `OS` (on the left).
        cup_to_disc: vertical cup-to-disc ratio in (0, 0.9).
        shape: (H, W); the disc's size goes with H.
        contrast: visibility of the cup and its border: 1 as acquired well, 0 invisible.
    """
    disc = _draw_disc(rng, shape)
    cup = _draw_cup(rng, disc, cup_to_disc)
    frame = Disc(disc.row, disc.column, disc.half_height, disc.tilt)
    grey = paint_retina(rng, frame, shape)
    reach = 1.4 * disc.half_height
    top, left = max(0, int(disc.row - reach)), max(0, int(disc.column - reach))
    window = np.s_[top : int(disc.row + reach), left : int(disc.column + reach)]
    height, width = grey[window].shape
    rows = np.arange(top, top + height, dtype=np.float64)[:, None]
    columns = np.arange(left, left + width, dtype=np.float64)
    to_disc = disc.distance(rows, columns)
    to_cup = np.maximum(cup.distance(rows, columns), to_disc / np.float32(_INNERMOST))
    grey[window] += _light(rng, to_disc, to_cup, contrast)
    mask = np.zeros(shape, np.uint8)
    mask[window] = (to_disc < 1).astype(np.uint8) + (to_cup < 1)
    return seen_from(eye, finish(grey, rng, frame)), seen_from(eye, mask)


def _draw_disc(rng: np.random.Generator, shape: tuple[int, int]) -> Outline:
    """A disc that lies within the central square of two thirds of the height, whatever it is."""
    height, width = shape
    unit = height / HEIGHT
    radius = float(np.clip(rng.normal(76, 7), 58, 96)) * unit
    return Outline(
        row=height / 2 + float(np.clip(rng.normal(0, 16), -40, 40)) * unit,
        column=width * 0.62 + float(np.clip(rng.normal(0, 14), -36, 36)) * unit,
        half_height=radius,
        half_width=radius * float(rng.uniform(0.82, 0.98)),
        tilt=float(rng.normal(0, 0.25)),
        waves=_draw_waves(rng, 0.018),
    )


def _draw_cup(rng: np.random.Generator, disc: Outline, cup_to_disc: float) -> Outline:
    """A cup that leans to the temporal side, where the rim is thinnest."""
    room = (1 - cup_to_disc) * disc.half_height
    return Outline(
        row=disc.row + rng.normal(0, 0.06) * room,
        column=disc.column - abs(rng.normal(0.12, 0.06)) * room,
        half_height=cup_to_disc * disc.half_height,
        half_width=cup_to_disc * disc.half_width * float(rng.uniform(0.9, 1.05)),
        tilt=disc.tilt + float(rng.normal(0, 0.15)),
        waves=_draw_waves(rng, 0.03),
    )


def _draw_waves(rng: np.random.Generator, size: float) -> tuple[complex, ...]:
    return tuple(complex(*rng.normal(0, size, 2)) for _ in range(3))


def _light(
    rng: np.random.Generator, to_disc: FloatArray, to_cup: FloatArray, contrast: float
) -> FloatArray:
    """What rim and cup add to the retina; borders are slopes of varying width."""
    disc_sharpness, cup_sharpness = rng.uniform(9, 18), rng.uniform(5, 10)
    within = inside(to_disc, disc_sharpness)
    light = within * np.float32(_RIM + rng.normal(0, 4))
    light += np.clip(1 - np.abs(to_disc - 1) * 14, 0, 1) * np.float32(6)
    cup = np.float32(contrast * _CUP * np.exp(rng.normal(0, 0.15)))
    light += within * inside(to_cup, cup_sharpness) * (1 - np.float32(0.25) * to_cup) * cup
    return light
