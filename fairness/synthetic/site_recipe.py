"""Recipe of synthetic federated data: signs of disease, and the group in which they swap."""

from dataclasses import dataclass
from typing import Literal

from fairness.attributes import Attribute
from fairness.errors import UsageError
from fairness.synthetic.recipe import AnyRecipe, find_group
from fairness.synthetic.site_people import CHEST, OPH, Person, Population

Kind = Literal["oph-slo", "oph-oct", "chest"]

SIGNS = {
    "oph-slo": ("the size of the cup", "the darkness of nerve-fibre bundles"),
    "oph-oct": ("the thinness of the nerve-fibre layer", "the depth of the cup"),
    "chest": ("the height of the effusion", "the haze over the lung"),
}
SIZES = {"oph-slo": (332, 256), "oph-oct": (64, 64), "chest": (128, 128)}
HARD_GROUPS = {"oph-slo": "race=Black", "oph-oct": "race=Black", "chest": "age=60+"}

LEAST_PATIENTS = 30
"""With fewer, a site may have nobody to test."""


@dataclass(frozen=True, kw_only=True)
class SiteRecipe(AnyRecipe):
    """Everything that decides what is written."""

    kind: Kind = "oph-slo"
    """FairFedMed-Oph with SLO images or OCT volumes, or FairFedMed-Chest."""
    patients: int = 1200
    """Over all sites, about as many at each; one image of each."""
    seed: int = 0
    """A patient of a seed is the same whatever the number of patients."""
    size: tuple[int, int] | None = None
    """Rows and columns (at most, for chest); by default 332 256, 64 64 or 128 128."""
    scans: int = 32
    """B-scans of an OCT volume."""
    hard_group: str | None = None
    """ATTRIBUTE=GROUP whose signs change places; by default race=Black; for chest age=60+."""
    strength: float = 1.0
    """Share by which the signs change places: 0 not at all, 1 wholly."""

    @property
    def population(self) -> Population:
        """Sites and group shares."""
        return CHEST if self.kind == "chest" else OPH

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.size or SIZES[self.kind]

    def hard_code(self) -> tuple[Attribute, int]:
        """The attribute and the code of the hard group.

        Raises:
            UsageError: there is no such group.
        """
        return find_group(self.hard_group or HARD_GROUPS[self.kind], self.population.tables)

    def check(self) -> None:
        """Raise UsageError where a number is out of range or the hard group does not exist."""
        self.hard_code()
        if self.patients < LEAST_PATIENTS or self.seed < 0:
            raise UsageError(f"patients must be at least {LEAST_PATIENTS}, and seed not negative")
        if min(*self.shape, self.scans) < 8:
            raise UsageError("size and scans must be at least 8")
        if not 0 <= self.strength <= 1:
            raise UsageError(f"strength is {self.strength}, must lie in 0..1")

    def extent(self) -> str:
        """The number of patients and sites."""
        return f"{self.patients} patients at {len(self.population.sites)} sites"

    def statement(self) -> str:
        """One sentence about the data, for reports."""
        if self.strength == 0:
            return "Synthetic images and patients; no group effect is planted."
        attribute, code = self.hard_code()
        sign, other = SIGNS[self.kind]
        return (
            f"Synthetic images and patients; planted effect: {sign} tells the label and {other} is "
            f"chance, but in {attribute.name}={attribute.groups[code]} the two have changed places "
            f"by {self.strength:.0%}."
        )

    def signs(self, person: Person) -> tuple[float, float]:
        """Strength of the two signs in the image of a patient, in 0..1."""
        attribute, code = self.hard_code()
        share = self.strength if person.codes[attribute.name] == code else 0.0
        difference = share * (person.chance - person.finding)
        return person.finding + difference, person.chance - difference
