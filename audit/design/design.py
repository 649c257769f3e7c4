"""design.yaml: who is expected, and how well the model is assumed to do for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from audit.design.truth import Binormal, binormal
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL, Attribute
from fairness.documents import parse_yaml, read_text
from fairness.errors import UsageError
from fairness.first_fault import first_fault

MOST = 10_000_000
"""People of a design."""

Inner = Annotated[FiniteFloat, Field(gt=0, lt=1)]
"""A share or an AUC that is neither 0 nor 1."""


class Spread(BaseModel):
    """The scores of cases, such as the Dice coefficients of masks, within 0 and 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mean: Inner
    sd: Annotated[FiniteFloat, Field(gt=0)]

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if self.sd**2 >= self.mean * (1 - self.mean):
            raise ValueError("sd is too large for scores within 0 and 1 of this mean")
        return self


class Group(BaseModel):
    """People alike in every attribute, and what is assumed of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: Mapping[str, str] = Field(min_length=1)
    """Attribute to the group, e.g. {race: asian, gender: female}; `unknown` is no group."""
    n: Annotated[int, Field(ge=1, le=MOST)]
    """People, each with one image."""
    prevalence: Inner | None = None
    """Share of positives."""
    auc: Inner | None = None
    tpr: Inner | None = None
    """True positive rate at the threshold."""
    fpr: Inner | None = None
    scores: Mapping[str, Spread] = {}
    """Of masks: name of a score, e.g. rim_dice, to mean and standard deviation over cases."""

    def binormal(self) -> Binormal:
        """The scores of a classifier.

        Raises:
            UsageError: auc and rates do not go together.
        """
        return binormal(self.auc, self.tpr, self.fpr)

    @property
    def name(self) -> str:
        """`race asian, gender female`."""
        return ", ".join(f"{attribute} {group}" for attribute, group in self.of.items())


class Design(BaseModel):
    """All groups of a planned audit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: tuple[Group, ...] = Field(min_length=1)

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes with their groups, in the order in which they come."""
        names = self.groups[0].of
        return tuple(
            Attribute(
                name, tuple(dict.fromkeys(g.of[name] for g in self.groups if _known(g.of[name])))
            )
            for name in names
        )

    @property
    def n(self) -> int:
        """People in all."""
        return sum(group.n for group in self.groups)

    @property
    def of_masks(self) -> bool:
        """Whether scores of masks are planned, not a classifier."""
        return bool(self.groups[0].scores)

    def times(self, factor: float) -> "Design":
        """The same with so many times the people, at least one in each group."""
        scaled = [g.model_copy(update={"n": max(1, round(g.n * factor))}) for g in self.groups]
        return self.model_copy(update={"groups": tuple(scaled)})


DEFAULTS = ("prevalence", "auc", "tpr", "fpr", "scores")
"""What may stand once, above the groups, for all that do not state it."""


def _known(group: str) -> bool:
    return group != UNKNOWN_LABEL


def read_design(path: Path) -> Design:
    """Read and validate a design file.

    Raises:
        UsageError: it is absent, no YAML, or contradicts itself.
    """
    try:
        content = parse_yaml(read_text(path))
    except OSError as error:
        raise UsageError(f"--design {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"--design {path}: {error}") from None
    return design_of(content, f"--design {path}")


def design_of(content: object, where: str) -> Design:
    """The design that plain values describe; numbers above the groups hold for all of them.

    Raises:
        UsageError: the values describe none; begins with `where`.
    """
    try:
        design = Design.model_validate(_filled(content))
        check_design(design)
    except ValidationError as error:
        raise UsageError(f"{where}: {first_fault(error)}") from None
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return design


def _filled(content: object) -> object:
    """The values with the defaults written into every group that lacks them."""
    if not isinstance(content, dict) or not isinstance(content.get("groups"), list):
        return content
    defaults = {name: content[name] for name in DEFAULTS if name in content}
    rest = {name: value for name, value in content.items() if name not in DEFAULTS}
    groups = [{**defaults, **g} if isinstance(g, dict) else g for g in content["groups"]]
    return {**rest, "groups": groups}


def check_design(design: Design) -> None:
    """Refuse a design that cannot be drawn.

    Raises:
        UsageError: groups differ in what is stated of them, or repeat one another.
    """
    attributes, scores = set(design.groups[0].of), set(design.groups[0].scores)
    seen: set[tuple[str, ...]] = set()
    for group in design.groups:
        if set(group.of) != attributes:
            raise UsageError(f"{group.name}: every group names {', '.join(sorted(attributes))}")
        if set(group.scores) != scores:
            raise UsageError(f"{group.name}: every group has the same scores")
        if scores and (group.auc or group.tpr or group.fpr or group.prevalence):
            raise UsageError(f"{group.name}: masks have scores, no auc, rates or prevalence")
        if not scores and group.prevalence is None:
            raise UsageError(f"{group.name}: its prevalence is not stated")
        if not scores:
            try:
                group.binormal()
            except UsageError as error:
                raise UsageError(f"{group.name}: {error}") from None
        key = tuple(group.of[name] for name in sorted(attributes))
        if key in seen:
            raise UsageError(f"{group.name} is there twice; add its people up")
        seen.add(key)
    if bad := attributes & {OVERALL}:
        raise UsageError(f"{bad.pop()}: no name for an attribute")
    if any(ALL in group.of.values() for group in design.groups):
        raise UsageError(f"'{ALL}' is no name for a group")
    if design.n > MOST:
        raise UsageError(f"more than {MOST} people")
