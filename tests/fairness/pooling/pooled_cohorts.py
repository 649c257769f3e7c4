"""Sites with known people, their files, and all of their people together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import norm

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.groups import Grouping, plain
from fairness.pooling.site import About, Scored, site_summary
from fairness.pooling.summary import Model, SiteSummary

RACE = Attribute("race", ("Asian", "Black", "White"))
SEX = Attribute("sex", ("Female", "Male"))
Site = tuple[Scored, list[Grouping]]


def a_site(seed: int, people: int, shift: float = 0.0, images: int = 1) -> Site:
    """Scores of one model at one site; the images of a patient share a part of their noise."""
    rng = np.random.default_rng(seed)
    race = rng.choice(3, people, p=[0.15, 0.25, 0.6])
    sex = rng.choice(2, people)
    y = (rng.random(people) < 0.35).astype(np.int64)
    units = np.repeat(np.arange(people), images)
    noise = 0.6 * rng.normal(size=people)[units] + 0.8 * rng.normal(size=len(units))
    apart = 1.2 + 0.5 * (race[units] == 2)
    score = norm.cdf(apart * (y[units] - 0.5) + shift + noise)
    groupings = [plain(RACE, race[units]), plain(SEX, sex[units])]
    return Scored(y[units], score, units, 0.5), groupings


def summary_of(site: Site, name: str, least: int) -> SiteSummary:
    """The file of one site."""
    about = About(name, Model("model", "a" * 64), "glaucoma", "eyes", "test")
    return site_summary(*site, about, least)


def three_sites(least: int, images: int = 1) -> tuple[list[Site], list[SiteSummary]]:
    """A large, a middling and a small one, whose scores lie a little apart."""
    sites = [
        a_site(1, 900, images=images),
        a_site(2, 500, shift=0.2, images=images),
        a_site(3, 300, shift=-0.1, images=images),
    ]
    return sites, [summary_of(s, n, least) for s, n in zip(sites, "ABC", strict=True)]


def everybody(sites: Sequence[Site]) -> tuple[Scored, list[Grouping]]:
    """All rows of the sites in one table."""
    start, units = 0, []
    for scored, _ in sites:
        units.append(scored.units + start)
        start += int(scored.units.max()) + 1
    columns: list[tuple[IntArray, FloatArray]] = [(s.positive, s.score) for s, _ in sites]
    y, score = (np.concatenate(column) for column in zip(*columns, strict=True))
    groupings = [
        replace(one, codes=np.concatenate([groups[k].codes for _, groups in sites]))
        for k, one in enumerate(sites[0][1])
    ]
    return Scored(y, score, np.concatenate(units), 0.5), groupings
