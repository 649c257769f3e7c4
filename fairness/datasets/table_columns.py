"""Which column of a table is what: by flags, or by a small `data.yaml` beside the table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fairness.datasets.window import Window
from fairness.documents import parse_yaml, read_text
from fairness.errors import UsageError
from fairness.tables.changes import MapRule, rules_in
from fairness.tables.labels import Uncertain, uncertain_in
from fairness.tables.words import Spacing, classes_in, names_in, spacing_in, window_in
from fairness.unknown import plain

BESIDE = "data.yaml"
"""Name of the file that may lie beside a table."""

ENDINGS = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".pq")
"""Of files that are taken for tables where they do not exist."""


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """What the columns of a table are. None: the usual name, which then may be absent."""

    file: str | None = None
    """Of the image; usually `file`."""
    id: str | None = None
    """Of the sample; usually `id`, absent: the name of the file."""
    target: str | None = None
    """Of the label; usually what the model predicts, else `target`. Several, with commas between
    them, of several labels."""
    reader_labels: tuple[str, ...] = ()
    """Of the labels of several readers, in place of a target."""
    target_separator: str | None = None
    """Between labels that one column lists; None: each label has its column."""
    uncertain: Uncertain = "ignore"
    """What a label of -1 counts as, where there are several."""
    mask: str | None = None
    """Of the mask's file; usually `mask`."""
    attributes: tuple[str, ...] = ()
    """Of groups; none named: those of known attributes."""
    site: str | None = None
    """Of the hospital or device, a last attribute; usually `site`."""
    patient: str | None = None
    """Of the patient; usually `patient`, absent: each image is a patient."""
    covariates: tuple[str, ...] = ()
    """Of numbers; none named: every further column of numbers."""
    split_column: str | None = None
    """Of the split; usually `split`, absent: all rows."""
    positive: str = "1"
    """Value of the label that counts as positive."""
    unknown: frozenset[str] = frozenset()
    """Further words for an unknown group, as `fairness.unknown.plain` writes them."""
    rules: tuple[MapRule, ...] = ()
    """Texts that stand for others."""
    images: Path | None = None
    """Folder below which the files lie; None: that of the table."""
    image_key: str | None = None
    mask_key: str | None = None
    """Names of arrays, in npz files that hold several."""
    window: Window | None = None
    """Of images of more than 8 bits; None: of DICOM files their own first one."""
    mask_values: Mapping[int, str] = field(default_factory=dict)
    """Number in a mask to the name of its class; empty: the model's numbers."""
    spacing: Spacing | None = None
    """Size of a pixel; None: `spacing_row` and `spacing_column`, where there are such columns."""
    beside: Path | None = None
    """The `data.yaml` that had a say."""

    def decoding(self) -> str:
        """What pixels and masks depend on beside their files and the meaning of numbers."""
        return f"{self.window} {self.image_key} {self.mask_key}"


NAMES = (
    "file", "id", "target", "target_separator", "mask", "site", "patient", "split_column",
    "positive",
)  # fmt: skip
"""Single words, among what can be said."""
SAID = (
    *NAMES, "attributes", "covariates", "unknown", "map", "images", "image_key", "mask_key",
    "window", "mask_values", "spacing", "uncertain", "reader_labels",
)  # fmt: skip
"""Everything that flags and `data.yaml` can say, by the names of the flags."""


def columns_of(table: Path, given: Mapping[str, str]) -> TableColumns:
    """What flags say of a table, and what `data.yaml` beside it says where they are silent.

    Args:
        table: a csv or parquet file.
        given: flag, with `_` for `-`, to its text.

    Raises:
        UsageError: a text says nothing that can be followed; names its file.
    """
    beside = table.parent / BESIDE
    of_file = _said_in(beside)
    said = {**of_file, **given}
    texts = {name: said[name] for name in (*NAMES, "image_key", "mask_key") if said.get(name)}
    folder = said.get("images")
    if folder and "images" not in given:
        folder = str(table.parent / folder)
    return TableColumns(
        **texts,
        attributes=names_in(said.get("attributes", "")),
        covariates=names_in(said.get("covariates", "")),
        reader_labels=names_in(said.get("reader_labels", "")),
        uncertain=uncertain_in(said.get("uncertain") or "ignore"),
        unknown=frozenset(map(plain, names_in(said.get("unknown", "")))),
        rules=rules_in(said.get("map", "")),
        images=Path(folder) if folder else None,
        window=window_in(said["window"]) if said.get("window") else None,
        mask_values=classes_in(said.get("mask_values", "")),
        spacing=spacing_in(said["spacing"]) if said.get("spacing") else None,
        beside=beside if of_file else None,
    )


def _said_in(path: Path) -> dict[str, str]:
    """Name to text of a `data.yaml`; empty where there is none.

    Lists stand for names with commas between them, numbers for their texts.
    """
    try:
        found = parse_yaml(read_text(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be read ({reason}); correct it") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path}: holds no names; write lines such as 'file: path'")
    said = {}
    for name, value in found.items():
        if name not in SAID:
            raise UsageError(f"{path}: no setting '{name}' (there are: {', '.join(SAID)})")
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, bool) or not isinstance(part, str | int | float) for part in parts):
            raise UsageError(
                f"{path}: '{name}' is {value!r}, expected a text or a list of texts; put words "
                "such as yes and no into quotes"
            )
        said[str(name)] = ",".join(map(str, parts))
    return said
