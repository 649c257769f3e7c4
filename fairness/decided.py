"""Cases whose label is decided: without those where as many readers say 1 as 0."""

from dataclasses import replace

import numpy as np

from fairness.arrays import IntArray
from fairness.errors import DataError
from fairness.outcomes import Answered, Cases


def decided_rows(answered: Answered) -> IntArray | None:
    """(m,) the cases that have a majority; None: all, as each has."""
    if not answered.reader_labels or answered.labels is None or (answered.labels >= 0).all():
        return None
    return np.flatnonzero(answered.labels >= 0)


def decided(answered: Answered) -> Answered:
    """The samples with a majority, and nothing of single readers; the same where there are none.

    Raises:
        DataError: no sample has one.
    """
    rows = decided_rows(answered)
    if rows is not None and not rows.size:
        raise DataError("as many readers call each case positive as negative; name more readers")
    kept = answered if rows is None else taken(answered, rows)
    return replace(kept, reader_labels={})


def taken(answered: Answered, rows: IntArray) -> Answered:
    """The samples at these rows (n,), in their order."""
    cases = answered.cases
    return Answered(
        cases=Cases(
            ids=tuple(cases.ids[i] for i in rows),
            patients=tuple(cases.patients[i] for i in rows),
            attributes=cases.attributes,
            codes={name: codes[rows] for name, codes in cases.codes.items()},
            covariates={name: values[rows] for name, values in cases.covariates.items()},
        ),
        labels=None if answered.labels is None else answered.labels[rows],
        values={name: values[rows] for name, values in answered.values.items()},
        reader_labels={name: codes[rows] for name, codes in answered.reader_labels.items()},
    )
