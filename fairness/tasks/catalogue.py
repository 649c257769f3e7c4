"""Every kind of model by the name that a self-description gives, and the tables of its reports."""

from collections.abc import Mapping

from fairness.contract import ModelSpec
from fairness.errors import ServerError
from fairness.outcomes import GroupReport
from fairness.tasks.binary import BinaryTask
from fairness.tasks.mask_tables import mask_tables
from fairness.tasks.masks import MaskTask
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.task import Tables, Task

TASKS: Mapping[str, type[Task]] = {
    task.kind: task for task in (BinaryTask, MultilabelTask, MulticlassTask, MaskTask)
}

TABLES: Mapping[str, Tables] = {k: t for task in TASKS.values() for k, t in task.tables.items()}
"""`Measured.kind` to what people see of such a report."""


def tables_of(report: GroupReport) -> Tables:
    """What people see of a report; of masks, by the structures that it has."""
    if report.kind != MaskTask.kind:
        return TABLES[report.kind]
    unions = report.provenance.get("masks", {}).get("unions", {})
    return mask_tables(dict.fromkeys(row.metric for row in report.rows), tuple(unions))


def check_description(spec: ModelSpec, model: str) -> None:
    """Refuse a self-description that lacks what its kind of model needs.

    Raises:
        ServerError: it does; `model` is the name on the server.
    """
    if fault := TASKS[spec.task].description_fault(spec):
        raise ServerError(
            f"model '{model}': its fair_audit self-description {fault}; "
            "export the model again with python -m export"
        )
