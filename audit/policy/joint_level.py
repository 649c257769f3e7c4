"""At which level the numbers of a policy hold together, and what is said of it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

FamilyMethod: TypeAlias = Literal["none", "holm", "max-t"]

METHODS = {"holm": "Holm", "max-t": "max-T on shared bootstrap samples"}


@dataclass(frozen=True)
class JointLevel:
    """How a FAIL was guarded against chance, over all numbers of a policy."""

    method: FamilyMethod
    numbers: int
    """That could fail: each with an interval; pairs that hold jointly already are one."""
    confidence: float
    """Of the intervals that are shown, and of all numbers together where they are a family."""
    each: float | None
    """Confidence of the strictest interval by which a number was judged; None: as shown."""
    joint: bool
    """Whether some rule is on pairs, or on a largest gap, whose limits hold jointly already."""
    estimates: bool
    """Whether some rule looks at estimates alone, which nothing guards against chance."""

    @property
    def lines(self) -> list[str]:
        """What applies to a PASS, and what to a FAIL."""
        wrong = 1 - self.confidence
        found = [
            f"PASS: every number lies inside its margin with its whole {self.confidence:.0%} "
            f"interval (intersection-union test): wrong in at most {wrong / 2:.1%} however many "
            "numbers there are, so nothing is adjusted",
            self._of_fail(wrong),
        ]
        if self.joint:
            found.append("pairs and largest gaps: limits hold jointly over the pairs already")
        if self.estimates:
            found.append("rules on estimates alone say nothing about chance, and are in no family")
        return found

    def _of_fail(self, wrong: float) -> str:
        one = "1 number" if self.numbers == 1 else f"{self.numbers} numbers"
        if self.numbers < 2:
            return f"FAIL: {one}, wrong in at most {wrong:.0%}"
        if self.method == "none":
            return (
                f"FAIL: each of {one} is judged alone, wrong in at most {wrong:.0%} each and more "
                "often somewhere; `family: holm` or `max-t` in the policy holds them together"
            )
        at = f", the strictest interval {self.each:.2%}" if self.each is not None else ""
        return f"FAIL: {one} together ({METHODS[self.method]}), wrong in at most {wrong:.0%}{at}"
