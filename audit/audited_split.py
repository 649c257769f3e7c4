"""Opens the split that a model is audited on: of a known data set, or of anybody's table."""

from dataclasses import replace
from pathlib import Path

from audit.options import Options
from audit.table_flags import check_no_flags, is_table, table_columns
from fairness.attributes import Attribute
from fairness.contract import ModelSpec
from fairness.datasets.catalogue import dataset_of, open_split
from fairness.datasets.reader import Split
from fairness.datasets.table import TableSplit
from fairness.tasks.catalogue import TASKS


def opened_split(options: Options, spec: ModelSpec) -> Split:
    """The split that the flags name, as the model needs it.

    Raises:
        UsageError: a flag does not fit the data.
        DataError: the data cannot be used.
    """
    if options.data is not None and is_table(options.data):
        return table_split(options, options.data, spec)
    check_no_flags(options.table, (), options.data)
    return open_split(
        spec.dataset,
        options.data or Path("data") / spec.dataset,
        options.split,
        target=spec.target,
        on_error=options.on_error,
        attribute=spec.attribute or "race",
        shape=spec.image_shape,
    )


def table_split(options: Options, table: Path, spec: ModelSpec) -> TableSplit:
    """The split of a table; attributes that the model takes as an input are read, too."""
    takes = spec.group_input
    columns = table_columns(table, options.table, options.attributes)
    if takes is not None and columns.attributes and takes.attribute not in columns.attributes:
        columns = replace(columns, attributes=(*columns.attributes, takes.attribute))
    return TableSplit(
        table,
        options.split,
        columns,
        known=[Attribute(takes.attribute, takes.groups)] if takes is not None else (),
        masks=TASKS[spec.task].answers_masks,
        squashes=dataset_of(spec.dataset).modality == "chest",
        target=spec.target,
        on_error=options.on_error,
        shape=spec.image_shape,
    )
