"""Flags that say what the columns of a file of predictions are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from audit.flags import CommaNames, MapRules, Words
from fairness.tables.judged import ScoreType
from fairness.tables.labels import Uncertain
from fairness.unknown import plain


@dataclass(frozen=True)
class Columns:
    """Which column of the file is what, and what its words mean."""

    target: str = "target"
    """Column of the label: 0/1, or anything with --positive; of several labels their columns,
    separated by commas; or the column of the class."""
    score: str = "score"
    """Column of the score; higher means more likely positive. One a label, or one a class."""
    reader_labels: CommaNames = ()
    """Columns of the labels of several readers, in place of --target: r1,r2,r3; blank where a
    reader did not read. The label is that of most; adds how far they agree, and each by itself."""
    target_separator: str | None = None
    """Where one column lists several labels, the text between them, such as a bar."""
    uncertain: Annotated[Uncertain, tyro.conf.arg(metavar="ignore|positive|negative")] = "ignore"
    """What -1 counts as, where there are several labels."""
    ordered: bool = False
    """Classes are steps, the mildest first: adds the quadratic weighted kappa."""
    score_type: ScoreType = "auto"
    """What scores are: probability refuses others, logit makes probabilities of them."""
    attributes: CommaNames = ()
    """Columns of the groups, separated by commas; without it, those of known attributes."""
    id: str = "id"
    """Column of the sample's id; absent: row numbers."""
    patient: str = "patient"
    """Column of the patient; absent: every row is a patient of its own."""
    positive: str = "1"
    """Value of the label that counts as positive."""
    unknown: Words = ()
    """Further words for an unknown group, besides those of docs/data.md: U,X."""
    map: MapRules = ()
    """Read a text as another: sex:F=Female,sex:M=Male; unknown as the new text is allowed."""
    metadata: Path | None = None
    """A second table, csv or parquet, whose columns are added: groups, patients, labels."""
    on: str | None = None
    """The column of ids that both tables have; without it, that of --id."""

    @property
    def more_unknown(self) -> frozenset[str]:
        """The words of --unknown, as `is_unknown` takes them."""
        return frozenset(plain(word) for words in self.unknown for word in words)
