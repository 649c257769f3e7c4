"""What a described model takes beside the image: a constant, or what a column says of a sample."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from fairness.contract import Word
from fairness.probes import Number

MOST_NUMBERS = 4096
"""Of one sample, in one tensor."""

Length: TypeAlias = Annotated[int, Field(ge=1, le=MOST_NUMBERS)]
Kind: TypeAlias = Literal[
    "fp16", "fp32", "fp64", "bool", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64",
]  # fmt: skip


class FurtherInput(BaseModel):
    """One tensor: (value - subtract) / divide_by of a column, a code of its word, or a constant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Word | None = None
    """Of the table: a number, several with blanks between them, or the name of an npy file."""
    constant: (
        Number | Annotated[tuple[Number, ...], Field(min_length=1, max_length=MOST_NUMBERS)] | None
    ) = None
    """The same for every sample; one number fills the tensor."""
    dtype: Kind | None = None
    """None: as the server says."""
    shape: Annotated[tuple[Length, ...], Field(max_length=3)] | None = None
    """Of one sample, without the axis of batches; None: as the server says."""
    codes: (
        Annotated[dict[StrictStr | StrictInt, Number], Field(min_length=1, max_length=500)] | None
    ) = None
    """Word of the column to number."""
    subtract: Number | None = None
    divide_by: Number | None = None
    unknown: Number | None = None
    """Sent, as it stands, for a sample of which the column says nothing; None: it is refused."""
    pad: Number | None = None
    """Fills the rest where a column holds fewer numbers than the tensor; None: they are refused."""

    def fault(self) -> tuple[str, str] | None:
        """The line that contradicts another, and how; None where none does."""
        if (self.column is None) == (self.constant is None):
            return "column", "name a column, or a constant, and not both"
        of_columns = ("codes", "subtract", "divide_by", "unknown", "pad")
        if self.constant is not None:
            for name in of_columns:
                if getattr(self, name) is not None:
                    return name, "is for columns, and this is a constant"
        if self.codes is not None:
            for name in ("subtract", "divide_by", "pad"):
                if getattr(self, name) is not None:
                    return name, "is for numbers, and codes are sent as they stand"
        return ("divide_by", "is 0") if self.divide_by == 0 else None
