"""Opens the split that a model is audited on: of a known data set, or of anybody's table."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from audit.client.endpoint import ServedModel
from audit.client.foreign import Foreign
from audit.options import Options
from audit.table_flags import check_no_flags, is_table, table_columns
from audit.table_wanted import check_no_pictures, table_in
from fairness.attributes import Attribute
from fairness.datasets.catalogue import dataset_of, open_split
from fairness.datasets.class_mask import NUMBERED, MaskClasses
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.reader import Split
from fairness.datasets.squash import squash
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.datasets.table_targets import NoTargetError
from fairness.errors import UsageError
from fairness.foreign.description import Masks
from fairness.foreign.resize import resized
from fairness.structures import EYE, structures_of
from fairness.tasks.catalogue import TASKS


def opened_split(options: Options, model: ServedModel) -> Split:
    """The split that the flags name, as the model needs it.

    Raises:
        UsageError: a flag does not fit the data.
        DataError: the data cannot be used.
    """
    spec = model.spec
    if spec.text_input is not None and (spec.dataset != FairVLMed.name or is_table(options.data)):
        raise UsageError(
            f"model '{model.name}' reads the note of each image, which only folders in the layout "
            f"of {FairVLMed.name} have; name one with --data"
        )
    if options.data is not None and is_table(options.data):
        return table_split(options, options.data, model)
    if spec.task in ("multilabel", "multiclass"):
        raise UsageError(
            f"--data {options.data or 'is not given'}: several labels, or classes, come as a table "
            "of images, csv or parquet; name one"
        )
    if model.foreign is not None and model.foreign.said.description.dataset is None:
        raise UsageError(
            f"--data {options.data or 'is not given'}: a described model needs a table of its "
            f"images, csv or parquet; {table_in(options.data)}; or name a known layout "
            f"as 'dataset' in {model.foreign.said.path}"
        )
    check_no_pictures(options.data or Path("data") / spec.dataset)
    check_described(model.foreign)
    check_no_flags(options.table, options.data)
    if TASKS[spec.task].answers_masks and spec.class_names != EYE.classes:
        raise UsageError(
            f"masks of {spec.dataset} have {EYE.listed()}, the model draws "
            f"{', '.join(spec.class_names)}; name a table of its images with --data"
        )
    return open_split(
        spec.dataset,
        options.data or Path("data") / spec.dataset,
        options.split,
        target=spec.target,
        on_error=options.on_error,
        further=options.attributes,
        attribute=spec.attribute or "race",
        shape=spec.image_shape,
        text_input=spec.text_input,
        index=options.index,
    )


def check_described(foreign: Foreign | None) -> None:
    """Refuse lines of a description that a known layout cannot follow.

    Raises:
        UsageError: it has a window, or takes a column of a table.
    """
    if foreign is None:
        return
    said, layout = foreign.said, foreign.said.description.dataset
    if said.description.input.window:
        where = said.at("input", "window")
        raise UsageError(f"{where}: images of the layout '{layout}' have 8 bits; remove it")
    for one in foreign.further:
        if one.column is not None:
            where = said.at("inputs", one.name, "column")
            raise UsageError(f"{where}: the layout '{layout}' has no columns; write a table")


def fits_when_read(options: Options, model: ServedModel) -> bool:
    """Whether pictures are brought to the size of a described model as they are read.

    So pictures of all sizes travel in full batches. Not where a mask must come back to the size of
    its picture.
    """
    if model.foreign is None or not is_table(options.data) or TASKS[model.spec.task].answers_masks:
        return False
    return model.foreign.said.description.input.size is not None


def classes_of(model: ServedModel) -> MaskClasses:
    """The structures that a model draws, and what numbers mean in files of masks.

    Without other words they are the numbers of the model; of rim and cup always 0, 1, 2.
    """
    spec, structures = model.spec, structures_of(model.spec.class_names, model.spec.unions)
    drawn = model.foreign.said.description.output if model.foreign else None
    if isinstance(drawn, Masks) and not structures.is_eye:
        return MaskClasses(structures, drawn.codes)
    return MaskClasses(structures, {code: code for code in range(len(spec.class_names))})


def described_window(columns: TableColumns, foreign: Foreign) -> TableColumns:
    """The columns with the window of a description; None where each file has its own.

    Raises:
        UsageError: `--window` is given, too.
    """
    if columns.window is not None:
        where = foreign.said.at("input", "window")
        raise UsageError(f"--window is given, and so is {where}; leave one of them out")
    window = foreign.said.description.input.window
    return replace(columns, window=None if window == "file" else window)


def table_split(
    options: Options, table: Path, model: ServedModel, *, as_stored: bool = False
) -> TableSplit:
    """The split of a table; attributes that the model takes as an input are read, too.

    Args:
        options: the flags.
        table: csv or parquet.
        model: that is asked.
        as_stored: whether pictures keep their sizes for a described model, and masks any numbers.
    """
    spec, foreign = model.spec, model.foreign
    takes = spec.group_input
    columns = table_columns(table, options.table, options.attributes)
    if takes is not None and columns.attributes and takes.attribute not in columns.attributes:
        columns = replace(columns, attributes=(*columns.attributes, takes.attribute))
    draws, fit, shape = TASKS[spec.task].answers_masks, None, spec.image_shape
    classes = classes_of(model) if draws else None
    if as_stored:  # nobody has checked yet what the model calls them
        columns, classes = replace(columns, mask_values={}), NUMBERED
    taken = foreign.said.description.input if foreign else None
    if foreign is not None and foreign.said.description.input.window is not None:
        columns = described_window(columns, foreign)
    if taken is not None and fits_when_read(options, model) and not as_stored:
        fit, shape = partial(resized, said=taken), taken.image_shape
    elif foreign is None and shape is not None and dataset_of(spec.dataset).modality == "chest":
        fit = partial(squash, size=(shape[0], shape[1]))
    try:
        return TableSplit(
            table,
            options.split,
            columns,
            known=[Attribute(takes.attribute, takes.groups)] if takes is not None else (),
            masks=draws,
            mask_classes=classes,
            labels=spec.class_names if spec.task == "multilabel" else None,
            classes=spec.class_names if spec.task == "multiclass" else None,
            fit=fit,
            exact=taken is not None and taken.window is not None,
            inputs={one.name: one.column for one in foreign.further if one.column}
            if foreign
            else {},
            channels=taken.channels if taken is not None else 1,
            target=spec.target,
            on_error=options.on_error,
            shape=shape,
            index=options.index,
        )
    except NoTargetError as error:
        of_labels = spec.task == "multilabel"
        if foreign is None or (spec.target == "target" and not of_labels):
            raise
        where = foreign.said.at(*(("output", "labels") if of_labels else ("target",)))
        raise UsageError(f"{error}, or correct {where}") from None
