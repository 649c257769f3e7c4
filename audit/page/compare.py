"""The page of two runs: compare.html."""

from typing import Any

from audit.compare.comparison import Comparison
from audit.page.duel import duels, squares
from audit.page.render import environment
from audit.report import layout
from fairness.tasks.catalogue import tables_of


def compare_page(
    comparison: Comparison, template_name: str = "compare.html.jinja", **more: Any
) -> str:
    """One file of HTML, which needs no network and no script; every text in it is escaped.

    Args:
        comparison: of two runs.
        template_name: this page, or one that extends it.
        more: what only the other template shows.
    """
    template = environment().get_template(template_name)
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
        **more,
    )
