"""What a report says of the people without a recorded group."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MissingCell:
    """How many images of one label at one site have no recorded group."""

    site: str
    outcome: str
    """`positive`, `negative`, or `all`."""
    n: int
    unknown: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class MissingTest:
    """Whether being unknown is related to something."""

    related_to: str
    """`label`, `score` or `site`."""
    effect: float | None
    """label: prevalence of the unknown minus that of the others. score: probability that an unknown
    has the higher score than another with the same label, 0.5 without a relation. site: none."""
    p: float | None
    p_adjusted: float | None
    """Over all attributes, labels and kinds (Holm)."""
    method: str


@dataclass(frozen=True, kw_only=True)
class Unrecorded:
    """The people without a recorded group of one attribute."""

    attribute: str
    label: str = ""
    """Of a report on several labels or classes; empty elsewhere."""
    cells: tuple[MissingCell, ...]
    tests: tuple[MissingTest, ...]
    withheld: str
    """What is not shown, and why; empty where all is."""
