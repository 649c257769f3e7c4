"""policy.yaml: margins that somebody set in advance; `verdict.py` holds numbers to them."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    model_validator,
)

from audit.policy.joint_level import FamilyMethod
from fairness.documents import parse_yaml, read_text
from fairness.errors import UsageError
from fairness.first_fault import first_fault
from fairness.text import one_line

Line = Annotated[str, AfterValidator(one_line)]
"""One printable line."""


def _not_yes_or_no(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a margin is a number, not yes or no")
    return value


Margin = Annotated[FiniteFloat, BeforeValidator(_not_yes_or_no)]


class Rule(BaseModel):
    """One margin: which numbers of the report must lie between `min` and `max`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    """A metric of the report, e.g. `auc`, `equalized_odds_difference`."""
    label: str | None = None
    """One of several labels or classes, `*` for each; None: what is reported of all together."""
    attribute: str | None = None
    """None: the number over the whole split."""
    scope: Literal["groups", "gap", "pairs"] = "groups"
    """Each group, the one number over all groups, or the difference of each pair, either sign."""
    groups: tuple[str, ...] | None = None
    """Only these groups; None: all but the unknown."""
    change: bool = False
    """Hold the change against the baseline run to the margin, not the number itself."""
    min: Margin | None = None
    max: Margin | None = None
    by: Literal["interval", "estimate"] = "interval"
    """Judge the whole interval, or the estimate alone."""

    @model_validator(mode="after")
    def _has_a_margin(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a rule needs min or max")
        if self.attribute is None and self.scope != "groups":
            raise ValueError(f"scope '{self.scope}' needs an attribute")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is larger than max")
        if self.scope == "pairs" and (self.max is None or self.max < 0 or self.min is not None):
            raise ValueError("pairs take max only, 0 or more: the difference in either direction")
        if self.groups is not None and (self.attribute is None or self.scope == "gap"):
            raise ValueError("groups need an attribute, and a scope of groups or pairs")
        if self.change and self.scope != "groups":
            raise ValueError("a change is that of a group or of the whole split: use scope groups")
        return self


class Policy(BaseModel):
    """The rules of one policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line
    description: Line = ""
    family: FamilyMethod = "none"
    """How a FAIL is guarded against chance over all rules: Holm, max-T, or each rule alone."""
    decision_range: tuple[Margin, Margin] | None = None
    """Lowest and highest threshold that is reasonable, for decision curves beside the report."""
    rules: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.decision_range is not None:
            low, high = self.decision_range
            if not 0 < low < high < 1:
                raise ValueError(
                    "decision_range takes two ascending thresholds above 0 and below 1, as in "
                    "[0.05, 0.4]"
                )
        return self


def read_policy(path: Path) -> Policy:
    """Read and validate a policy file.

    Raises:
        UsageError: it is absent, no YAML, or has an unknown key or an impossible rule.
    """
    try:
        return Policy.model_validate(parse_yaml(read_text(path)))
    except OSError as error:
        raise UsageError(f"--policy {path}: {error.strerror}") from None
    except ValidationError as error:
        quotes = "; put a name in quotes" if error.errors()[0]["type"] == "string_type" else ""
        raise UsageError(f"--policy {path}: {first_fault(error)}{quotes}") from None
    except ValueError as error:
        raise UsageError(f"--policy {path}: {error}") from None
