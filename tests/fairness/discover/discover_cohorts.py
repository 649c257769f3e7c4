"""People with attributes and covariates, some of whom a model may fail."""

import numpy as np

from fairness.arrays import BoolArray
from fairness.attributes import Attribute
from fairness.outcomes import Outcomes

SIZES = {"race": (0.2, 0.3, 0.5), "gender": (0.5, 0.5), "site": (0.3, 0.3, 0.4)}


def cohort(
    n: int = 2000, *, drop: float = 0.0, each: int = 1, seed: int = 0
) -> tuple[Outcomes, BoolArray]:
    """n images, `each` a person; the score tells less of women of race 0, by `drop`.

    Scores have two decimals, so that many are tied; some races and ages are unknown.
    """
    rng = np.random.default_rng(seed)
    people = n // each
    person = np.repeat(np.arange(people), each)
    codes = {name: rng.choice(len(p), people, p=p)[person] for name, p in SIZES.items()}
    codes["race"][rng.random(n) < 0.03] = -1
    planted = (codes["race"] == 0) & (codes["gender"] == 0)
    y = (rng.random(n) < 0.4).astype(np.int64)
    told = np.where(planted, 1 - drop, 1.0)
    z = 1.5 * told * y + rng.normal(size=people)[person] * 0.5 + rng.normal(size=n) * 0.8
    age = np.round(rng.normal(60, 12, people), 1)[person]
    age[rng.random(n) < 0.02] = np.nan
    attributes = tuple(
        Attribute(name, tuple(f"{name} {k}" for k in range(len(p)))) for name, p in SIZES.items()
    )
    outcomes = Outcomes(
        ids=tuple(f"i{k}" for k in range(n)),
        patients=tuple(f"p{k}" for k in person),
        attributes=attributes,
        codes=codes,
        covariates={"age": age, "visit": rng.integers(1, 4, n).astype(float)},
        target=y,
        score=np.round(1 / (1 + np.exp(-z)), 2),
    )
    return outcomes, np.asarray(planted)
