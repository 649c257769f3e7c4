"""Draws simulated patients: groups, age, disease, and the findings of their eyes.

Group shares are those published for Harvard-FairVLMed (Luo et al., CVPR 2024); the shares of
marital status are round numbers of our own. Every group has the same prevalence and the same law of
findings, so that a group differs only by what `fairvlmed.py` plants in its images.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray
from fairness.attributes import EYE_ATTRIBUTES, UNKNOWN, Attribute
from fairness.synthetic.fundus import LEFT_EYE, RIGHT_EYE

RACE, GENDER, ETHNICITY, LANGUAGE, MARITAL_STATUS = EYE_ATTRIBUTES
SHARES = {
    RACE: (0.0819, 0.1491, 0.7690),
    GENDER: (0.5631, 0.4369),
    ETHNICITY: (0.906, 0.040),
    LANGUAGE: (0.9250, 0.0176, 0.0076),
    MARITAL_STATUS: (0.57, 0.26, 0.07, 0.06, 0.01),
}
"""Share of each code, from 0 on; the rest is unknown."""

POINTS = 52
"""Tested locations of a 24-2 visual field without the blind spot."""


@dataclass(frozen=True)
class Patient:
    """Groups, age and disease of one patient, shared by all of the images."""

    number: int
    codes: dict[str, int]
    """Attribute name to group code, -1 where unknown."""
    age: float
    """Years."""
    disease: float
    """Cup-to-disc ratio around which both eyes lie."""
    first_eye: int
    """0 if the right eye is imaged first, 1 if the left."""


@dataclass(frozen=True)
class Finding:
    """Clinical findings of one visit of one eye."""

    eye: str
    """`OD` or `OS`."""
    visit: int
    """From 1 on."""
    cup_to_disc: float
    """Vertical ratio in [0.15, 0.95]."""
    glaucoma: int
    pressure: int
    """Intraocular pressure, mmHg."""
    md: float
    """Visual-field mean deviation, dB: at least -1 without glaucoma, below -3 with it."""
    tds: FloatArray
    """(52,) total deviations, dB, upper half of the field first; their mean is `md`."""


@dataclass(frozen=True)
class Visit:
    """One image before it is painted: its patient, finding, note and place."""

    split: str
    file: str
    """Name of the npz file."""
    image: int
    """Number of the image among those of its patient, from 0 on."""
    patient: Patient
    finding: Finding
    note: str
    summary: str


def draw_patient(
    seed: int, number: int, shares: Mapping[Attribute, tuple[float, ...]] = SHARES
) -> Patient:
    """The patient of that number: a function of the seed, the number and the shares alone."""
    rng = np.random.default_rng([seed, number, 1])
    codes = {attribute.name: _draw_code(rng, share) for attribute, share in shares.items()}
    ill = rng.random() < 0.5
    disease = rng.normal(0.74, 0.08) if ill else rng.normal(0.41, 0.09)
    age = float(np.clip(rng.normal(64 if ill else 58, 15.5), 18, 97).round(1))
    return Patient(number, codes, age, float(disease), int(rng.integers(2)))


def _draw_code(rng: np.random.Generator, shares: tuple[float, ...]) -> int:
    code = int(np.searchsorted(np.cumsum(shares), rng.random(), side="right"))
    return code if code < len(shares) else UNKNOWN


def draw_finding(seed: int, patient: Patient, image: int) -> Finding:
    """What image number `image` (from 0 on) of a patient shows: eyes alternate, then visits.

    An eye keeps its label over its visits, and its cup grows a little if it has glaucoma.
    """
    side = (patient.first_eye + image) % 2
    visit = image // 2
    rng = np.random.default_rng([seed, patient.number, 2, side])
    cup = patient.disease + rng.normal(0, 0.02)
    # The cup drives the label; the small term lets the classes overlap, as clinicians' labels do.
    glaucoma = int(cup + rng.normal(0, 0.05) > 0.575)
    cup += 0.008 * visit * glaucoma
    md = _mean_deviation(rng, glaucoma, cup) - 0.4 * visit * glaucoma
    return Finding(
        eye=(RIGHT_EYE, LEFT_EYE)[side],
        visit=visit + 1,
        cup_to_disc=float(np.clip(cup, 0.15, 0.95)),
        glaucoma=glaucoma,
        pressure=int(np.clip(rng.normal(21 if glaucoma else 15.5, 3.5), 8, 42)),
        md=md,
        tds=_total_deviations(rng, glaucoma, md),
    )


def _mean_deviation(rng: np.random.Generator, glaucoma: int, cup: float) -> float:
    """Mean deviation by the data set's own definition of the classes, worse with larger cups."""
    if not glaucoma:
        return float(rng.uniform(-1, 1.8))
    return float(max(-3.05 - rng.gamma(1.5, 2.0 + 8.0 * max(cup - 0.55, 0)), -30))


def _total_deviations(rng: np.random.Generator, glaucoma: int, md: float) -> FloatArray:
    """Deviations whose mean is `md`; glaucoma spares one half of the field, more or less."""
    depth = np.ones(POINTS)
    if glaucoma:
        worse = int(rng.integers(2))
        depth[worse * 26 : worse * 26 + 26] = rng.gamma(2.0, 1.2, 26)
        depth[26 - worse * 26 : 52 - worse * 26] = 0.35
    values = depth * md + rng.normal(0, 1.2, POINTS)
    deviations: FloatArray = values + (md - values.mean())
    return deviations
