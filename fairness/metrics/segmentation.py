"""Metrics of the structures in segmented pictures (H, W); a volume has none here.

A class mask is uint8: 0 background, then one class a structure; a structure may be a union of
several. Overlaps and areas come from one table of pixel counts a case (`confusion`), distances from
the surface pixels of a structure (`outline`, connectivity 1). Distances are in pixels of the mask,
or in mm where the size of a pixel is given.

A structure that neither mask holds is found perfectly (Dice 1, IoU 1, distance 0); where one of the
masks lacks it the overlap is 0 and there is no distance (NaN), and `missed` or `invented` says so.
"""

from typing import TypeAlias

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from fairness.arrays import BoolArray, FloatArray, Image, IntArray

Classes: TypeAlias = tuple[int, ...]
"""Those that a structure consists of (`fairness/structures.py`)."""

Spacing: TypeAlias = tuple[float, float]
"""Distance of neighbouring rows, and of neighbouring columns, in mm."""

DENSE = 20
"""Where more than one pixel in so many is on a surface (ragged masks), a distance transform is
faster than a search tree; both are exact."""

ROUNDING = 1e-9
"""Of a distance in mm: 5 pixels of 0.4 mm are not more than 2 mm, wherever they lie."""


def confusion(prediction: Image, reference: Image, classes: int = 3) -> IntArray:
    """(B, K, K) pixels of each reference class (rows) given each class (columns), for (B, H, W)."""
    pairs = classes * reference.astype("u1" if classes < 16 else "u2", copy=False) + prediction
    cells = classes * classes
    counts = [np.bincount(case.ravel(), minlength=cells) for case in pairs]
    return np.reshape(counts, (-1, classes, classes))


def dice(counts: IntArray, structure: Classes) -> FloatArray:
    """(B,) 2 |P and G| / (|P| + |G|) in [0, 1], from `confusion`; 1 where both are empty."""
    both, predicted, present = sizes(counts, structure)
    return _share(2 * both, predicted + present, 1.0)


def iou(counts: IntArray, structure: Classes) -> FloatArray:
    """(B,) |P and G| / |P or G| in [0, 1], from `confusion`; 1 where both are empty."""
    both, predicted, present = sizes(counts, structure)
    return _share(both, predicted + present - both, 1.0)


def missed(counts: IntArray, structure: Classes) -> FloatArray:
    """(B,) 1 where nothing was predicted of what the reference holds, else 0; NaN without it."""
    _, predicted, present = sizes(counts, structure)
    return np.where(present > 0, predicted == 0, np.nan)


def invented(counts: IntArray, structure: Classes) -> FloatArray:
    """(B,) 1 where the reference lacks what was predicted, else 0; NaN where it holds it."""
    _, predicted, present = sizes(counts, structure)
    return np.where(present == 0, predicted > 0, np.nan)


def sizes(counts: IntArray, structure: Classes) -> tuple[IntArray, IntArray, IntArray]:
    """(B,) pixels of the structure in both masks, in the prediction, in the reference."""
    chosen = list(structure)
    present, predicted = counts[:, chosen], counts[:, :, chosen]
    both, *alone = (cells.sum((1, 2)) for cells in (present[:, :, chosen], predicted, present))
    return both, alone[0], alone[1]


def area_ratio_error(counts: IntArray, inner: Classes, outer: Classes) -> FloatArray:
    """(B,) |predicted - true| share of the outer structure's area that is the inner one.

    NaN where a mask lacks the outer one. Of cup and disc: the error of the cup-to-disc ratio.
    """
    _, *within = sizes(counts, inner)
    _, *around = sizes(counts, outer)
    predicted, true = (_share(i, o, np.nan) for i, o in zip(within, around, strict=True))
    return np.asarray(np.abs(predicted - true))


def vertical_ratio_error(prediction: Image, reference: Image, inner: int) -> FloatArray:
    """(B,) |predicted - true| ratio of the height of a class to that of all that is drawn.

    NaN where a mask is empty. A height is the number of rows from the first to the last pixel, so a
    stray pixel counts.
    """
    predicted, true = (_vertical_ratio(masks, inner) for masks in (prediction, reference))
    return np.asarray(np.abs(predicted - true))


def surface_distances(
    prediction: BoolArray, reference: BoolArray, spacing: Spacing | None = None
) -> tuple[FloatArray, FloatArray]:
    """Distance from each surface pixel of one mask (H, W) to the nearest of the other's.

    First from the prediction to the reference, then back; neither may be empty. In pixels, or in mm
    between the centres of pixels where their spacing is given.
    """
    ours, theirs = outline(prediction), outline(reference)
    return _nearest(ours, theirs, spacing), _nearest(theirs, ours, spacing)


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
    """Share in [0, 1] of both surfaces that lies within `tolerance` of the other.

    Nikolov et al., J Med Internet Res 2021, with pixels counted instead of lengths.
    """
    return float((distances <= tolerance + ROUNDING).mean())


def _vertical_ratio(masks: Image, inner: int) -> FloatArray:
    """(B,) height of a class over that of all that is drawn, for (B, H, W)."""
    within, around = (_extent(drawn.any(axis=2)) for drawn in (masks == inner, masks > 0))
    return _share(within, around, np.nan)


def _extent(rows: BoolArray) -> IntArray:
    """(B,) rows from the first to the last that is set, of (B, H); 0 where none is."""
    free = rows.argmax(1) + rows[:, ::-1].argmax(1)
    return np.where(rows.any(1), rows.shape[1] - free, 0)


def _nearest(points: BoolArray, others: BoolArray, spacing: Spacing | None) -> FloatArray:
    """Distance of each set pixel of (H, W) to the nearest of the others, by the faster way."""
    if DENSE * points.sum() > points.size:
        return np.asarray(distance_transform_edt(~others, sampling=spacing)[points])
    places = [np.argwhere(pixels) * (spacing or (1.0, 1.0)) for pixels in (others, points)]
    return np.asarray(cKDTree(places[0]).query(places[1])[0])


def _share(top: IntArray, bottom: IntArray, empty: float) -> FloatArray:
    """`top / bottom`, `empty` where `bottom` is 0."""
    return np.divide(top, bottom, out=np.full(len(bottom), empty), where=bottom > 0)
