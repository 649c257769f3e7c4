"""model_card.md: what Hugging Face reads of a model's numbers, by group, and what people read.

`model-index` has no field for groups: name and `args` of a metric say of which group it is
(source: https://github.com/huggingface/hub-docs/blob/main/modelcard.md).
"""

from typing import Any

import yaml

from audit.policy.verdict import Judgement, label_of
from audit.report import layout
from audit.report.markdown import escape, table
from audit.report.meanings import meanings
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL
from fairness.outcomes import GroupReport, Row
from fairness.tasks.catalogue import tables_of
from fairness.text import one_line

DIGITS = 3
"""Of values, as everywhere people see them."""


def to_model_card(report: GroupReport, judgement: Judgement | None) -> str:
    """Front matter in YAML and a text in Markdown; groups without a shown number are left out."""
    about = {
        "tags": ["fairness"],
        "model-index": [
            {
                "name": one_line(report.rows[0].model),
                "results": [result_of(one) for one in (report, *report.also)],
            }
        ],
    }
    front = yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=2**20)
    return f"---\n{front}---\n\n{text_of(report, judgement)}\n"


def result_of(report: GroupReport) -> dict[str, Any]:
    """The numbers of one way of asking, or of one label."""
    names = report.rows[0]
    is_mask = report.kind == "segmentation"
    task = {"type": "image-segmentation" if is_mask else "image-classification"}
    asked = one_line(label_of(report) or names.model)
    dataset = {"type": one_line(names.dataset), "name": one_line(names.dataset)}
    return {
        "task": {**task, "name": asked},
        "dataset": {**dataset, "split": one_line(names.split)},
        "metrics": [metric_of(label, row) for label, row in shown_rows(report)],
    }


def shown_rows(report: GroupReport) -> list[tuple[str, Row]]:
    """The numbers of everybody, of each group, and over groups, that have a value."""
    tables, attributes = tables_of(report), (OVERALL, *plain_attributes(report))
    of_groups = {metric: label for label, metric in tables.groups.items()}
    of_gaps = {metric: label for label, metric in tables.gaps.items()}
    found = []
    for row in report.rows:
        over_groups = row.group == ALL and row.attribute != OVERALL
        labels = of_gaps if over_groups else of_groups
        if row.attribute in attributes and row.metric in labels and row.value is not None:
            found.append((labels[row.metric], row))
    return found


def metric_of(label: str, row: Row) -> dict[str, Any]:
    """One metric of the index; counts that are not shown are left out."""
    of_whom = "" if row.attribute == OVERALL else f", {one_line(row.attribute)}"
    group = "" if row.group == ALL else f": {one_line(row.group)}"
    values: dict[str, float | None] = {"n": row.n, "n_positive": row.n_positive}
    values |= {name: rounded(x) for name, x in (("low", row.low), ("high", row.high))}
    return {
        "type": row.metric,
        "name": f"{label}{of_whom}{group}",
        "value": rounded(row.value),
        "args": {
            "attribute": one_line(row.attribute),
            "group": one_line(row.group),
            **{name: value for name, value in values.items() if value is not None},
        },
    }


def rounded(value: float | None) -> float | None:
    """To the digits that people see."""
    return None if value is None else round(float(value), DIGITS)


def text_of(report: GroupReport, judgement: Judgement | None) -> str:
    """What people read below the front matter."""
    label = next(iter(tables_of(report).groups))
    plain = (OVERALL, *plain_attributes(report))
    lines = [f"# {escape(one_line(report.rows[0].model))} by demographic group", ""]
    lines += [f"- {escape(line)}" for line in layout.headline(report)]
    lines += [f"- {escape(meanings(report, judgement))}", ""]
    groups = [
        (line.attribute, line.group, line.n, line.positive, line.cells[0])
        for line in layout.group_lines(report)
        if line.attribute in plain
    ]
    lines += table(("attribute", "group", "n", "positive", label), groups)
    lines += ["", *(f"- {escape(text)}" for text in layout.footnotes(report))]
    lines += [
        "",
        "A gap says that groups differ in these data, not why. Every number, interval and test: "
        "`report.md`, `report.html` and `report.json` of the same report.",
    ]
    return "\n".join(lines)
