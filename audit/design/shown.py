"""A plan on the terminal: each rule with its probabilities, and the sizes that are needed."""

from rich.console import Console
from rich.markup import escape

from audit.design.plan_file import Expected, WrittenPlan
from audit.report.terminal import plain_table


def print_plan(plan: WrittenPlan, console: Console) -> None:
    """The assumptions, a table of rules, the sizes."""
    for line in assumption_lines(plan):
        console.print(line, highlight=False, markup=False)
    enough = f"people for {plan.wanted:.0%} PASS"
    table = plain_table("rule", "PASS", "FAIL", "INCONCLUSIVE", enough, "often open because")
    for column in table.columns[1:5]:
        column.justify = "right"
    for rule in (*plan.rules, plan.whole):
        shares = (rule.passes, rule.fails, rule.open)
        table.add_row(
            escape(rule.rule), *map(percent, shares), size_text(plan, rule), escape(rule.why_open)
        )
    console.print(table)
    console.print(error_text(plan), highlight=False, markup=False)


def percent(share: float) -> str:
    """`81.4 %`."""
    return f"{100 * share:.1f} %"


def size_text(plan: WrittenPlan, line: Expected) -> str:
    """`4200 (x 1.68)`, or that none of the tried sizes was enough."""
    if line.multiple is None:
        most = max(float(multiple) for multiple in plan.tried)
        return f"not with {plan.design.times(most).n}" if len(plan.tried) > 1 else "not searched"
    return f"{plan.design.times(line.multiple).n} (x {line.multiple:g})"


def error_text(plan: WrittenPlan) -> str:
    """How far the draws alone may be off."""
    stated, sizes = (98 / n**0.5 for n in (plan.draws, plan.draws_of_sizes))
    return (
        f"{plan.draws} draws: shares are off by at most {stated:.1f} points by chance (95 %); "
        f"{plan.draws_of_sizes} draws of each other size: {sizes:.1f}"
    )


def assumption_lines(plan: WrittenPlan) -> list[str]:
    """What is assumed of each group, and in general."""
    lines: list[str] = []
    for group in plan.design.groups:
        if group.scores:
            stated = [f"{name} {s.mean:g} (sd {s.sd:g})" for name, s in group.scores.items()]
        else:
            found = group.binormal()
            stated = [f"prevalence {group.prevalence:g}", f"AUC {found.auc:.3f}"]
            if group.tpr is not None or group.fpr is not None:
                stated += [f"TPR {found.tpr:.3f}", f"FPR {found.fpr:.3f}"]
        lines.append(f"assumed: {group.name}: {group.n} people, {', '.join(stated)}")
    what = (
        "scores of cases are beta distributed, and independent of one another"
        if plan.design.of_masks
        else "scores are normal in each class, positives come by chance"
    )
    lines.append(f"assumed: {what}; one image a person; numbers of people are as stated")
    return lines
