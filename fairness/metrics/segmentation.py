"""Metrics of a segmented optic nerve head: rim, cup and disc of each image.

A class mask is uint8: 0 background, 1 rim, 2 cup; the disc is both of them. Overlaps and areas come
from one table of pixel counts a case (`confusion`), distances from the surface pixels of a
structure (`outline`, connectivity 1). Distances are in pixels of the mask.

A structure that neither mask holds is found perfectly (Dice 1, IoU 1, distance 0); where one of the
masks lacks it the overlap is 0 and there is no distance (NaN), and `missed` or `invented` says so.
"""

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from fairness.arrays import BoolArray, FloatArray, Image, IntArray

STRUCTURES: Mapping[str, slice] = {"rim": slice(1, 2), "cup": slice(2, 3), "disc": slice(1, 3)}
"""The classes that each structure consists of."""

DENSE = 20
"""Where more than one pixel in so many is on a surface (ragged masks), a distance transform is
faster than a search tree; both are exact."""


def confusion(prediction: Image, reference: Image) -> IntArray:
    """(B, 3, 3) pixels of each reference class (rows) given each class (columns), for (B, H, W)."""
    pairs = 3 * reference + prediction
    return np.reshape([np.bincount(case.ravel(), minlength=9) for case in pairs], (-1, 3, 3))


def dice(counts: IntArray, structure: slice) -> FloatArray:
    """(B,) 2 |P and G| / (|P| + |G|) in [0, 1], from `confusion`; 1 where both are empty."""
    both, predicted, present = sizes(counts, structure)
    return _share(2 * both, predicted + present, 1.0)


def iou(counts: IntArray, structure: slice) -> FloatArray:
    """(B,) |P and G| / |P or G| in [0, 1], from `confusion`; 1 where both are empty."""
    both, predicted, present = sizes(counts, structure)
    return _share(both, predicted + present - both, 1.0)


def missed(counts: IntArray, structure: slice) -> FloatArray:
    """(B,) 1 where nothing was predicted of what the reference holds, else 0; NaN without it."""
    _, predicted, present = sizes(counts, structure)
    return np.where(present > 0, predicted == 0, np.nan)


def invented(counts: IntArray, structure: slice) -> FloatArray:
    """(B,) 1 where the reference lacks what was predicted, else 0; NaN where it holds it."""
    _, predicted, present = sizes(counts, structure)
    return np.where(present == 0, predicted > 0, np.nan)


def sizes(counts: IntArray, structure: slice) -> tuple[IntArray, IntArray, IntArray]:
    """(B,) pixels of the structure in both masks, in the prediction, in the reference."""
    cells = counts[:, structure, structure], counts[:, :, structure], counts[:, structure]
    both, predicted, present = (counted.sum((1, 2)) for counted in cells)
    return both, predicted, present


def area_cup_to_disc_ratio_error(counts: IntArray) -> FloatArray:
    """(B,) |predicted - true| share of the disc's area that is cup; NaN where a disc is absent."""
    _, *cup = sizes(counts, STRUCTURES["cup"])
    _, *disc = sizes(counts, STRUCTURES["disc"])
    predicted, true = (_share(c, d, np.nan) for c, d in zip(cup, disc, strict=True))
    return np.asarray(np.abs(predicted - true))


def vertical_cup_to_disc_ratio_error(prediction: Image, reference: Image) -> FloatArray:
    """(B,) |predicted - true| ratio of the cup's height to the disc's; NaN where one has no disc.

    A height is the number of rows from the first to the last pixel, so a stray pixel counts.
    """
    predicted, true = (_vertical_ratio(masks.max(axis=2)) for masks in (prediction, reference))
    return np.asarray(np.abs(predicted - true))


def surface_distances(prediction: BoolArray, reference: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Pixels from each surface pixel of one mask (H, W) to the nearest of the other's.

    First from the prediction to the reference, then back; neither may be empty.
    """
    ours, theirs = outline(prediction), outline(reference)
    return _nearest(ours, theirs), _nearest(theirs, ours)


def outline(mask: BoolArray) -> BoolArray:
    """(H, W) pixels of a mask of which a neighbour above, below or beside is outside.

    Beyond the image's edge is outside.
    """
    wide = np.pad(mask, 1)
    inner = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
    return np.asarray(mask & ~inner)


def hausdorff95(distances: FloatArray) -> float:
    """95th percentile of the surface distances of both ways together, as MedPy defines it."""
    return float(np.percentile(distances, 95))


def average_surface_distance(distances: FloatArray) -> float:
    """Mean of the surface distances of both ways together."""
    return float(distances.mean())


def normalised_surface_dice(distances: FloatArray, tolerance: float) -> float:
    """Share in [0, 1] of both surfaces that lies within `tolerance` pixels of the other.

    Nikolov et al., J Med Internet Res 2021, with pixels counted instead of lengths.
    """
    return float((distances <= tolerance).mean())


def _vertical_ratio(rows: Image) -> FloatArray:
    """(B,) height of the cup over that of the disc, from the largest class of each row (B, H)."""
    cup, disc = (_extent(rows >= least) for least in (2, 1))
    return _share(cup, disc, np.nan)


def _extent(rows: BoolArray) -> IntArray:
    """(B,) rows from the first to the last that is set, of (B, H); 0 where none is."""
    free = rows.argmax(1) + rows[:, ::-1].argmax(1)
    return np.where(rows.any(1), rows.shape[1] - free, 0)


def _nearest(points: BoolArray, others: BoolArray) -> FloatArray:
    """Distance of each set pixel of (H, W) to the nearest of the others, by the faster way."""
    if DENSE * points.sum() > points.size:
        return np.asarray(distance_transform_edt(~others)[points])
    return np.asarray(cKDTree(np.argwhere(others)).query(np.argwhere(points))[0])


def _share(top: IntArray, bottom: IntArray, empty: float) -> FloatArray:
    """`top / bottom`, `empty` where `bottom` is 0."""
    return np.divide(top, bottom, out=np.full(len(bottom), empty), where=bottom > 0)
