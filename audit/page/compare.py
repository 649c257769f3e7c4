"""The page of two runs: compare.html."""

from audit.compare.comparison import Comparison
from audit.page.duel import duels, squares
from audit.page.render import environment
from audit.report import layout
from fairness.tasks.catalogue import tables_of


def compare_page(comparison: Comparison) -> str:
    """One file of HTML, which needs no network and no script; every text in it is escaped."""
    template = environment().get_template("compare.html.jinja")
    return template.render(
        first=comparison.first.rows[0].model,
        second=comparison.second.rows[0].model,
        about=comparison.about,
        label=next(iter(tables_of(comparison.first).groups)),
        levelling=comparison.levelling,
        squares=squares(comparison),
        duels=duels(comparison),
        flips=comparison.flips,
        p_number=layout.p_number,
    )
