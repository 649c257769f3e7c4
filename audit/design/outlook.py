"""How often each rule of a policy would pass, fail, or stay open, over simulated test sets."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from audit.design.block import Block, block_of
from audit.design.clear import FAIL, OPEN, PASS, UNCLEAR, can_be_clear, clear_verdicts
from audit.design.design import Design
from audit.design.draws import Frame
from audit.design.one_draw import drawn, every_measure
from audit.design.wanted import Wanted
from audit.policy.family import judge_together
from audit.policy.policy import Policy
from audit.policy.shared_bootstrap import shared_error_of
from audit.policy.verdict import Judgement, Verdict, strongest
from fairness.arrays import IntArray
from fairness.outcomes import Cases, Contrast, GroupReport
from fairness.statistics.settings import Settings

SCORES = 1_000_000
"""Scores of simulated people held at once."""
TYPICAL = 9
"""Draws of which the shared bootstrap is made."""
VERDICTS: dict[int, Verdict] = {PASS: "PASS", OPEN: "INCONCLUSIVE", FAIL: "FAIL"}


@dataclass
class Tally:
    """Verdicts counted over draws: of each rule, and of the whole policy."""

    policy: Policy
    draws: int = 0
    of_rules: list[Counter[Verdict]] = field(default_factory=list)
    of_all: Counter[Verdict] = field(default_factory=Counter)
    reasons: list[Counter[str]] = field(default_factory=list)
    """Of each rule: why it stayed open, where the interval alone was not the reason."""

    def __post_init__(self) -> None:
        """Empty counts for each rule."""
        self.of_rules = [Counter() for _ in self.policy.rules]
        self.reasons = [Counter() for _ in self.policy.rules]

    def add(self, judgement: Judgement) -> None:
        """Count the verdicts of one draw."""
        self.draws += 1
        self.of_all[judgement.verdict] += 1
        for k in range(len(self.policy.rules)):
            checks = [check for check in judgement.checks if check.rule == k]
            self.of_rules[k][strongest(check.verdict for check in checks)] += 1
            self.reasons[k].update({c.reason for c in checks if c.reason})

    def add_clear(self, codes: IntArray) -> None:
        """Count draws whose verdicts are clear: codes (R, B) of each rule."""
        self.draws += codes.shape[1]
        for code, verdict in VERDICTS.items():
            for k, of_rule in enumerate(codes):
                self.of_rules[k][verdict] += int((of_rule == code).sum())
            self.of_all[verdict] += int((codes.max(0, initial=0) == code).sum())

    def passing(self) -> list[float]:
        """Share of the draws with PASS: of each rule, then of the whole policy."""
        return [counts["PASS"] / self.draws for counts in (*self.of_rules, self.of_all)]


@dataclass(frozen=True)
class Bench:
    """What every draw of one size shares."""

    policy: Policy
    frame: Frame
    cases: Cases
    wanted: Wanted
    settings: Settings
    error: float
    """Of one number, where all of them are a family on shared bootstrap samples."""

    def judgement(self, block: Block, place: int) -> Judgement:
        """The verdicts of one draw of a block, by all steps of an audit."""
        measures = block.measures(place)
        draw = drawn(self.frame, self.cases, self.wanted, measures, self.settings)

        def at(confidence: float) -> tuple[GroupReport, Sequence[Contrast]]:
            return draw.report(replace(self.settings, confidence=confidence)), ()

        return judge_together(self.policy, at, self.settings.confidence, lambda: self.error)


def tallied(
    policy: Policy, design: Design, wanted: Wanted, settings: Settings, draws: int
) -> Iterator[Tally]:
    """The same tally, after each block of draws and each further draw.

    Args:
        policy: checked by `check_planned`.
        design: who is expected.
        wanted: what the policy needs.
        settings: of the audit; their seed is that of the draws.
        draws: how many test sets.
    """
    frame, rng = Frame.of(design), np.random.default_rng([settings.seed, design.n])
    tally, cases = Tally(policy), frame.cases()
    error = typical_error(policy, frame, cases, wanted, settings)
    bench = Bench(policy, frame, cases, wanted, settings, error)
    in_bulk = can_be_clear(policy, frame, every_measure(frame))
    size = max(1, min(SCORES // design.n, draws))
    for start in range(0, draws, size):
        block = block_of(frame, wanted, min(size, draws - start), rng)
        codes = np.full((len(policy.rules), len(block)), UNCLEAR)
        if in_bulk:
            codes = clear_verdicts(policy, block, settings)
        clear = (codes != UNCLEAR).all(0)
        if policy.family != "none":  # a FAIL depends on all other numbers
            clear &= (codes != FAIL).all(0)
        tally.add_clear(codes[:, clear])
        yield tally
        for place in np.flatnonzero(~clear):
            tally.add(bench.judgement(block, int(place)))
            yield tally


def typical_error(
    policy: Policy, frame: Frame, cases: Cases, wanted: Wanted, settings: Settings
) -> float:
    """The middle one of the errors that shared bootstraps of a few draws give, for all draws.

    It hardly varies from draw to draw, and would take most of the time.
    """
    if policy.family != "max-t":
        return 1 - settings.confidence
    rng, found = np.random.default_rng([settings.seed, 1, frame.design.n]), []
    block = block_of(frame, wanted, TYPICAL, rng)
    for place in range(TYPICAL):
        draw = drawn(frame, cases, wanted, block.measures(place), settings)
        found.append(shared_error_of(policy, [draw.measured], [draw.groupings], settings))
    return float(np.median(found))
