"""Draws the branching retinal vessels of a right eye around its optic disc."""

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from fairness.arrays import FloatArray

# A trunk leaves the disc at an angle (degrees, 0 = nasal, 90 = up), turns on its way, and has a
# length and a width in units of the disc radius. Two arcades, each an artery and a vein, then the
# nasal vessels and the small ones between disc and fovea.
_TRUNKS = np.array(
    [
        (78.0, 95.0, 5.6, 0.125),
        (97.0, 70.0, 5.2, 0.095),
        (-80.0, -95.0, 5.6, 0.120),
        (-100.0, -70.0, 5.0, 0.090),
        (48.0, -25.0, 3.4, 0.070),
        (-46.0, 25.0, 3.4, 0.070),
        (12.0, 15.0, 2.6, 0.045),
        (168.0, 10.0, 2.2, 0.035),
        (-166.0, -12.0, 2.2, 0.035),
    ]
)
_PARENTS = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8])
"""The trunk of each side branch."""

_STEPS = 21


def vessel_shade(
    rng: np.random.Generator, row: float, column: float, radius: float, shape: tuple[int, int]
) -> FloatArray:
    """What the vessels leave of the light: 1 between them, down to about 0.5 within them.

    Args:
        rng: decides the course of each vessel.
        row: centre of the optic disc, pixels.
        column: likewise.
        radius: of the disc, pixels.
        shape: (H, W) of the image and of the result.
    """
    height, width = shape
    canvas = PillowImage.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    trunks, branches = _grow(rng, np.array([column - 0.12 * radius, row]), radius)
    for course, thickness in zip(trunks, _TRUNKS[:, 3], strict=True):
        _draw(draw, course, thickness * radius, 118)
    for course, thickness in zip(branches, _TRUNKS[_PARENTS, 3], strict=True):
        _draw(draw, course, thickness * radius * 0.55, 84)
    soft = canvas.reduce(2).resize((width, height), PillowImage.Resampling.BILINEAR)
    shade: FloatArray = np.asarray(soft, dtype=np.float32) * np.float32(-1 / 255)
    shade += np.float32(1)
    return shade


def _grow(
    rng: np.random.Generator, origin: FloatArray, radius: float
) -> tuple[FloatArray, FloatArray]:
    """Points of the trunks and of their side branches, (n, steps, 2) each, as x, y."""
    angle, turn, length, _ = _TRUNKS.T
    trunks = _courses(
        rng,
        np.tile(origin, (len(angle), 1)),
        np.radians(angle + rng.normal(0, 7, len(angle))),
        np.radians(turn * rng.normal(1, 0.12, len(angle))),
        length * radius,
    )
    count = len(_PARENTS)
    fork = rng.integers(_STEPS // 4, _STEPS - 4, count)
    ahead = trunks[_PARENTS, fork + 1] - trunks[_PARENTS, fork]
    side = rng.choice([-1.0, 1.0], count)
    branches = _courses(
        rng,
        trunks[_PARENTS, fork],
        np.arctan2(-ahead[:, 1], ahead[:, 0]) + side * rng.uniform(0.5, 0.95, count),
        -side * rng.uniform(0.1, 0.7, count),
        length[_PARENTS] * radius * 0.38,
    )
    return trunks, branches


def _courses(
    rng: np.random.Generator,
    origins: FloatArray,
    angles: FloatArray,
    turns: FloatArray,
    lengths: FloatArray,
) -> FloatArray:
    """Paths (n, steps, 2) that start at `origins` (n, 2) and wander while they turn."""
    wobble = np.cumsum(rng.normal(0, 0.06, (len(angles), _STEPS - 1)), axis=1)
    headings = angles[:, None] + turns[:, None] * _PROGRESS + wobble
    steps = np.stack([np.cos(headings), -np.sin(headings)], axis=2)
    steps *= (lengths / _STEPS)[:, None, None]
    return np.concatenate([origins[:, None], origins[:, None] + np.cumsum(steps, axis=1)], axis=1)


_PROGRESS = np.linspace(0, 1, _STEPS - 1) ** 1.4


def _draw(draw: ImageDraw.ImageDraw, course: FloatArray, thickness: float, depth: int) -> None:
    """Draw a path in three pieces that grow thinner and fainter."""
    points = course.ravel().tolist()
    third = 2 * (_STEPS // 3)
    for piece in range(3):
        width = max(2, round(thickness * (1 - 0.27 * piece)))
        stretch = points[piece * third : (piece + 1) * third + 2]
        draw.line(stretch, fill=depth - 16 * piece, width=width, joint="curve")
