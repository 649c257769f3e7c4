"""Makes a plan: draws at the stated sizes, then the search for the sizes that are needed."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audit.design.design import Design
from audit.design.needed import needed_multiples
from audit.design.outlook import Tally, tallied
from audit.design.plan_file import Expected, WrittenPlan, digest_of_policy, now, sealed
from audit.design.wanted import wanted_of
from audit.policy.policy import Policy
from audit.policy.words import in_words
from fairness.statistics.settings import Settings

WHOLE = "the whole policy"
CROSSES = "the interval crosses the margin"
OFTEN = 0.05
"""Share of the draws from which on a reason is told."""
OF_SIZES = 2000
"""Draws of each size that is tried, at most as many as at the stated sizes."""


def made_plan(
    policy: Policy,
    design: Design,
    settings: Settings,
    asked: tuple[int, float, bool],
    console: Console,
) -> WrittenPlan:
    """The plan for a policy, sealed.

    Args:
        policy: checked by `check_planned`.
        design: who is expected.
        settings: of the audit.
        asked: draws at the stated sizes; the wanted probability of PASS; whether to search sizes.
        console: for progress.
    """
    draws, wanted_share, search = asked
    wanted = wanted_of(policy, design)

    def at(multiple: float, number: int) -> Tally:
        sized = design.times(multiple)
        tallies = tallied(policy, sized, wanted, settings, number)
        return last(with_bar(tallies, number, f"{sized.n} people", console))

    tally, fewer = at(1.0, draws), min(draws, OF_SIZES)
    multiples: Sequence[float | None] = [None] * (len(policy.rules) + 1)
    tried: dict[float, Sequence[float]] = {1.0: tally.passing()}
    if search:
        multiples, tried = needed_multiples(
            lambda m: tally.passing() if m == 1.0 else at(m, fewer).passing(), wanted_share
        )
    lines = [expected_of(tally, k, multiple) for k, multiple in enumerate(multiples)]
    return sealed(
        WrittenPlan(
            written=now(),
            policy=policy.name,
            policy_sha256=digest_of_policy(policy),
            design=design,
            statistics=settings,
            draws=draws,
            draws_of_sizes=fewer,
            wanted=wanted_share,
            rules=tuple(lines[:-1]),
            whole=lines[-1],
            tried={f"{m:g}": tuple(p) for m, p in tried.items()},
        )
    )


def expected_of(tally: Tally, k: int, multiple: float | None) -> Expected:
    """What is expected of one rule; after the last rule, of all together."""
    is_whole = k == len(tally.policy.rules)
    counts = tally.of_all if is_whole else tally.of_rules[k]
    reasons = [] if is_whole else tally.reasons[k].most_common(2)
    often = [(why, n / tally.draws) for why, n in reasons if n >= OFTEN * tally.draws]
    others = [f"{why} ({share:.0%})" for why, share in often if why != CROSSES]
    return Expected(
        rule=WHOLE if is_whole else in_words(tally.policy.rules[k]),
        passes=counts["PASS"] / tally.draws,
        fails=counts["FAIL"] / tally.draws,
        open=counts["INCONCLUSIVE"] / tally.draws,
        why_open=others[0] if others else "",
        multiple=multiple,
    )


def last(tallies: Iterable[Tally]) -> Tally:
    """The tally after all draws."""
    *_, found = tallies
    return found


def with_bar(tallies: Iterable[Tally], total: int, label: str, console: Console) -> Iterator[Tally]:
    """Pass the tallies on and show how far they are."""
    columns = (
        TextColumn("simulating {task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(label, total=total)
        for tally in tallies:
            progress.update(task, completed=tally.draws)
            yield tally
