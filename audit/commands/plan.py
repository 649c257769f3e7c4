"""`fair-audit plan`: what an audit of given sizes could be expected to say, before it is made."""

from dataclasses import dataclass, field
from pathlib import Path

import tyro
from rich.console import Console

from audit.design.design import Design, read_design
from audit.design.draws import Frame
from audit.design.flags import design_by_flags
from audit.design.made import made_plan
from audit.design.one_draw import every_measure
from audit.design.plan_file import text_of
from audit.design.shown import print_plan
from audit.design.wanted import check_planned
from audit.page.plan_picture import plan_picture
from audit.policy.policy import read_policy
from fairness.atomic import write_atomically
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP
from fairness.statistics.settings import Settings

HELP = """How probably each rule of a policy would PASS, FAIL or stay INCONCLUSIVE, at given sizes
and true values, and from which sizes on it would PASS: by simulated test sets, judged as in an
audit.

Writes plan.json, which an audit takes with --plan, and plan.svg.

Examples:

  fair-audit plan --policy policy.yaml --groups race:asian=200,black=300,white=2000 \\
      --prevalence 0.3 --auc 0.85,black=0.82 --tpr 0.8

  fair-audit plan --policy policy.yaml --design design.yaml --draws 20000

A design.yaml states every group of people, by one attribute or by several; numbers above the groups
hold for all that do not state them. One person has one image.

  prevalence: 0.3
  auc: 0.85
  groups:
    - {of: {race: asian, gender: female}, n: 100}
    - {of: {race: asian, gender: male}, n: 100, auc: 0.82, tpr: 0.75}

Of masks it states scores, with their mean and standard deviation over cases:

  scores: {rim_dice: {mean: 0.85, sd: 0.08}}
  groups: [{of: {race: asian}, n: 200}, {of: {race: white}, n: 900}]
"""


@dataclass(frozen=True)
class PlanOptions:
    """Flags of `fair-audit plan`."""

    policy: Path
    """policy.yaml with the margins."""
    design: Path | None = None
    """design.yaml; without it, the flags below, which describe groups of one attribute."""
    groups: str | None = None
    """People of each group: race:asian=200,black=300."""
    prevalence: str | None = None
    """Share of positives, 0.3, or by group asian=0.2,black=0.3, or 0.3,asian=0.2."""
    auc: str | None = None
    """True AUC, written alike."""
    tpr: str | None = None
    """True positive rate at the threshold, for rules that depend on it."""
    fpr: str | None = None
    """False positive rate at the threshold; without it, it follows from --auc and --tpr."""
    draws: int = 10_000
    """Simulated test sets at the stated sizes."""
    wanted: float = 0.8
    """Probability of PASS that the sizes are to reach."""
    sizes: bool = True
    """Search for those sizes."""
    out: Path = Path("plan.json")
    """File to write; the picture lies beside it."""
    settings: tyro.conf.OmitArgPrefixes[Settings] = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range, or groups are described twice."""
        if self.draws < 100 or not 0 < self.wanted < 1:
            raise UsageError("--draws must be at least 100, and --wanted lie between 0 and 1")
        flags = (self.groups, self.prevalence, self.auc, self.tpr, self.fpr)
        if (self.design is None) == (self.groups is None):
            raise UsageError("describe the groups: --design FILE, or --groups race:asian=200,...")
        if self.design is not None and any(flags):
            raise UsageError("--design states everything; leave out --prevalence, --auc, ...")

    def described(self) -> Design:
        """The design that file or flags describe.

        Raises:
            UsageError: they describe none.
        """
        if self.design is not None:
            return read_design(self.design)
        numbers = {name: getattr(self, name) for name in ("prevalence", "auc", "tpr", "fpr")}
        return design_by_flags(self.groups or "", numbers)


def plan(arguments: list[str], console: Console) -> int:
    """`fair-audit plan`; the exit code."""
    options = tyro.cli(
        PlanOptions, prog="fair-audit plan", description=HELP + DEBUG_HELP, args=arguments
    )
    policy, design = read_policy(options.policy), options.described()
    frame = Frame.of(design)
    check_planned(policy, design, every_measure(frame), frame.groupings)
    found = made_plan(
        policy,
        design,
        options.settings,
        (options.draws, options.wanted, options.sizes),
        console,
    )
    write_atomically(options.out, text_of(found))
    drawing = options.out.with_suffix(".svg")
    write_atomically(drawing, plan_picture(found))
    print_plan(found, console)
    console.print(f"plan: {options.out}, sha256 {found.sha256}", highlight=False, markup=False)
    console.print(f"picture: {drawing}", highlight=False, markup=False)
    return 0
