"""Draws the simulated patients of federated data: groups, age, findings and sites.

Group shares by site are those published for FairFedMed (IEEE TMI 2025); marital status,
the size of the two hospitals and everything clinical are round numbers of our own. Every group has
the same prevalence and the same law of findings.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from fairness.attributes import EYE_ATTRIBUTES, UNKNOWN, Attribute
from fairness.datasets import fairfedmed_chest as chest
from fairness.synthetic.patients import SHARES

RACE, GENDER, ETHNICITY, LANGUAGE, MARITAL_STATUS = EYE_ATTRIBUTES

Table = tuple[tuple[float, ...], ...]
"""One row a site, one column a group code from 0 on; a last column too many is the unknown."""


@dataclass(frozen=True)
class Population:
    """Sites and who is there."""

    sites: tuple[str, ...]
    tables: Mapping[Attribute, Table]
    simulated: bool
    """The sites are made anew for each attribute; False: a patient is of one hospital."""


_MARITAL = (*SHARES[MARITAL_STATUS], 1 - sum(SHARES[MARITAL_STATUS]))

OPH = Population(
    sites=("1", "2", "3"),
    tables={
        # Patients, training and test together.
        RACE: ((404, 758, 3892), (606, 1011, 3437), (268, 462, 4327)),
        GENDER: ((30, 70), (45, 55), (64, 36)),
        ETHNICITY: ((4751, 151, 151), (4600, 303, 151), (4714, 110, 234)),
        LANGUAGE: ((4701, 50, 202, 101), (4498, 151, 303, 101), (4829, 47, 102, 80)),
        MARITAL_STATUS: (_MARITAL, _MARITAL, _MARITAL),
    },
    simulated=True,
)

CHEST = Population(
    sites=("chexpert", "mimic"),
    tables={
        chest.RACE: ((78, 15, 7), (77, 19, 4)),
        GENDER: ((41, 59), (47, 53)),
        chest.AGE: ((61, 39), (65, 35)),
    },
    simulated=False,
)


@dataclass(frozen=True)
class Person:
    """A simulated patient with one image."""

    number: int
    """From 1 on."""
    codes: Mapping[str, int]
    """Attribute name to group code, -1 where unknown."""
    age: float
    """Years."""
    label: int
    finding: float
    """How far the disease shows, about 0 to 1; it tells the label at an AUC of about 0.965."""
    chance: float
    """The same law, but independent of the label."""
    places: Mapping[str, tuple[str, str]]
    """Attribute name to the site and the split, `train` or `test`, in its csv files."""


def draw_people(seed: int, count: int, population: Population) -> Iterator[Person]:
    """Patients 1 to `count`, each the same whatever `count` is; every fifth of a site is a test."""
    seen: Counter[tuple[str, str]] = Counter()
    for number in range(1, count + 1):
        rng = np.random.default_rng([seed, number, 6])
        codes, sites = _draw_codes(rng, population)
        places = {}
        for name, site in sites.items():
            seen[name, site] += 1
            places[name] = (site, "test" if seen[name, site] % 5 == 2 else "train")
        label = int(rng.random() < 0.5)
        finding, chance = (
            float(np.clip(rng.normal(0.68 if ill else 0.32, 0.14), 0, 1))
            for ill in (label, rng.random() < 0.5)
        )
        age = _draw_age(rng, codes.get(chest.AGE.name))
        yield Person(number, codes, age, label, finding, chance, places)


def _draw_codes(
    rng: np.random.Generator, population: Population
) -> tuple[dict[str, int], dict[str, str]]:
    """Group code and site of one patient by the name of the attribute."""
    home = int(rng.integers(len(population.sites)))
    codes, sites = {}, {}
    for attribute, table in population.tables.items():
        columns = list(zip(*table, strict=True))
        code = _draw(rng, list(map(sum, columns)) if population.simulated else table[home])
        if population.simulated:
            home = _draw(rng, columns[code])
        codes[attribute.name] = code if code < len(attribute.groups) else UNKNOWN
        sites[attribute.name] = population.sites[home]
    return codes, sites


def _draw(rng: np.random.Generator, shares: Sequence[float]) -> int:
    ends = list(accumulate(shares))
    return bisect(ends, rng.random() * ends[-1])


def _draw_age(rng: np.random.Generator, group: int | None) -> float:
    """Years, within the age group where there is one."""
    low, high = {None: (18, 97), 0: (18, 59.9), 1: (60, 97)}[group]
    return round(rng.triangular(low, min(max(low, 62), high), high), 1)
