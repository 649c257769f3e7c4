"""What `model.yaml` says of a model that does not describe itself: its input, output and meaning.

It says what the self-description (`fairness/contract.py`) says, and beside it what the client must
do for a model that expects prepared pixels. What only an export knows is optional, as `origin`.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fairness.contract import Folder, ModelSpec, Text, Threshold, Word
from fairness.foreign.further_input import FurtherInput
from fairness.foreign.normalise import PRESETS, Normalise, Preset
from fairness.probes import MOST_PIXELS, Number, Probes
from fairness.structures import BACKGROUND, EYE

Side: TypeAlias = Annotated[int, Field(ge=1, le=8192)]
Datatype: TypeAlias = Literal["uint8", "fp16", "fp32"]
Layout: TypeAlias = Literal["HW", "NHW", "CHW", "NCHW", "HWC", "NHWC"]
Resize: TypeAlias = Literal["squash", "crop", "letterbox"]
Filter: TypeAlias = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


def _bounded(size: tuple[int, int]) -> tuple[int, int]:
    if size[0] * size[1] > MOST_PIXELS:
        raise ValueError(f"more than {MOST_PIXELS} pixels")
    return size


class Part(BaseModel):
    """A part of a description: unknown names are refused, since they would say nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ImageInput(Part):
    """The tensor that the model takes, and how an image becomes it."""

    name: Word
    layout: Layout
    """Axes of the tensor; without N, the server says whether there is an axis of batches."""
    dtype: Datatype | None = None
    """None: as the server says."""
    colour: Literal["grey", "rgb", "bgr"] = "grey"
    size: Annotated[tuple[Side, Side], AfterValidator(_bounded)] | None = None
    """Rows and columns that the model takes; None: images go as they are stored."""
    resize: Resize | None = None
    """How an image gets to `size`: both sides alone, shorter side and centre crop, or padded."""
    shorter: Side | None = None
    """Of `crop`: the shorter side before the centre is cut out."""
    fill: Annotated[int, Field(ge=0, le=255)] | None = None
    """Of `letterbox`: the grey level of the padding."""
    filter: Filter | None = None
    """Pillow's."""
    normalise: Preset | Normalise | None = None
    """From grey levels 0..255 to numbers; None for a uint8 tensor."""
    window: Literal["file"] | tuple[Number, Number] | None = None
    """Values that are black and white in images of more than 8 bits, or DICOM's own: such images
    are never rounded to 8 bits. None: all are."""
    batch: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Most images in a request; None: what the server says, else 1."""

    @property
    def channels(self) -> int:
        """1 or 3."""
        return 1 if self.colour == "grey" else 3

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """(H, W), or (H, W, 3), of a picture at `size`; None where there is none."""
        if self.size is None:
            return None
        return self.size if self.channels == 1 else (*self.size, 3)

    @property
    def numbers(self) -> Normalise | None:
        """The normalisation, its preset looked up."""
        return PRESETS[self.normalise] if isinstance(self.normalise, str) else self.normalise


Column: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=100_000)]


class Scores(Part):
    """An output that a probability is read from."""

    name: Word
    holds: Literal["probability", "logit", "logits"]
    """`logit` goes through a sigmoid, `logits` through a softmax over the classes."""
    positive: Column | None = None
    """Which of the columns is the positive class, counted from 0; None where there is one."""
    labels: Annotated[dict[Word, Column], Field(min_length=1, max_length=100)] | None = None
    """Of several labels, the column of each."""
    classes: Annotated[tuple[Word, ...], Field(min_length=3, max_length=100)] | None = None
    """Of classes that exclude each other, their names in the order of the columns."""
    ordered: bool = False
    """Whether the classes are steps, the mildest first."""

    @property
    def columns(self) -> tuple[int, ...]:
        """Those that are read, in the order of the labels or classes."""
        if self.labels is not None:
            return tuple(self.labels.values())
        if self.classes is not None:
            return tuple(range(len(self.classes)))
        return (self.positive or 0,)


Share: TypeAlias = Annotated[Number, Field(strict=True, ge=0, le=1)]
Index: TypeAlias = Annotated[int, Field(ge=0, le=255)]


class Masks(Part):
    """An output that a mask is read from."""

    name: Word
    holds: Literal["class_mask", "class_scores", "mask_probability", "mask_logit"]
    """A class for each pixel; or a score for each class and pixel, of which the highest wins; or of
    one structure the probability of each pixel, which is class 1 from 0.5 on, or its logit."""
    layout: Literal["HW", "NHW", "CHW", "NCHW", "HWC", "NHWC"]
    """Axes of the tensor, C those of classes (or of length 1)."""
    classes: Annotated[dict[Word, Index], Field(min_length=2, max_length=256)]
    """The model's number of each class; `background`, else the one with number 0, is none."""
    unions: Annotated[dict[Word, tuple[Word, ...]], Field(max_length=100)] | None = None
    """Name to the structures that it consists of; None: the disc, of rim and cup."""
    ignore: Annotated[tuple[Word, ...], Field(max_length=256)] = ()
    """Classes that count as background."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the masks that are scored: background, then the structures; rim before cup."""
        nothing = next((name for name, number in self.classes.items() if number == 0), BACKGROUND)
        first = BACKGROUND if BACKGROUND in self.classes else nothing
        names = [name for name in self.classes if name != first and name not in self.ignore]
        return (first, *(EYE.names if set(names) == set(EYE.names) else names))

    @property
    def codes(self) -> dict[int, int]:
        """The model's number to the class that is scored."""
        code = {name: i for i, name in enumerate(self.class_names)}
        return {number: code.get(name, 0) for name, number in self.classes.items()}


class Origin(Part):
    """What only an export knows."""

    checkpoint_sha256: Text = ""
    model_sha256: Text = ""
    precision: Text = ""
    parity: Annotated[dict[Word, Number], Field(max_length=100)] = {}
    probes: Probes | None = None


class Description(Part):
    """The whole of `model.yaml`."""

    task: Literal["classification", "multilabel", "multiclass", "segmentation"]
    method: Text = "a model described from outside"
    dataset: Folder | None = None
    """Which reader understands its data; None: data come as a table."""
    target: Word | None = None
    """The column or key of labels."""
    threshold: Share | None = None
    thresholds: dict[Word, Share] | None = None
    """Those of labels that have one of their own."""
    input: ImageInput
    inputs: Annotated[dict[Word, FurtherInput], Field(max_length=20)] = {}
    """What it takes beside the image, by the names of the tensors."""
    output: Scores | Masks = Field(discriminator="holds")
    origin: Origin = Origin()

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of labels, classes or structures, in the order of the answer."""
        if isinstance(self.output, Masks):
            return self.output.class_names
        return tuple(self.output.labels or self.output.classes or ("negative", "positive"))

    def spec(self) -> ModelSpec:
        """The same as a self-description; empty where nobody has said it."""
        said, of_labels = self.threshold, self.thresholds or {}
        threshold = (
            Threshold(
                value=0.5 if said is None else said,
                rule="declared",
                split="a split that model.yaml does not name",
                split_sha256="",
                by_label=of_labels,
            )
            if said is not None or of_labels
            else None
        )
        drawn = self.output if isinstance(self.output, Masks) else None
        return ModelSpec(
            task=self.task,
            method=self.method,
            dataset=self.dataset or "table",
            target=self.target or ("labels" if self.task == "multilabel" else "target"),
            input=self.input.name,
            output=self.output.name,
            class_names=self.class_names,
            unions=drawn.unions if drawn else None,
            ordered=isinstance(self.output, Scores) and self.output.ordered,
            threshold=threshold,
            checkpoint_sha256=self.origin.checkpoint_sha256,
            model_sha256=self.origin.model_sha256,
            precision=self.origin.precision,
            parity=dict(self.origin.parity),
            probes=self.origin.probes,
        )
