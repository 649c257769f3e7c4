"""`--reader-labels`: how far readers agree by group, numbers against each, and their mean."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fairness.arrays import BoolArray, IntArray
from fairness.beside.by_reader import Against, OneReader, each_reader, lines_by_reader
from fairness.beside.mean_reader import means
from fairness.beside.sets import CaseSet, sets_of
from fairness.beside.tables import Agreement, Beside
from fairness.disclosure.labels import union
from fairness.disclosure.rounding import coarse
from fairness.disclosure.sizes import FEW, Sizes, sizes_of
from fairness.groups import Grouping
from fairness.outcomes import Answered
from fairness.statistics.estimates import number
from fairness.statistics.reader_agreement import agreement, coefficient_of, read_by_several
from fairness.statistics.settings import Settings, tier

HIDDEN = "hidden: too few people, positives or negatives, by the majority or by a reader"
NOTHING_TWICE = "no case was read by two readers"
ALL_ALIKE = "every reading is the same, so that chance alone would agree"


def with_readers(beside: Beside | None, against: Against, settings: Settings) -> Beside:
    """What stands beside a report, with the numbers of readers.

    Args:
        beside: what else was asked for, if anything.
        against: the cases, and the report against the majority.
        settings: of the report.
    """
    readers = each_reader(against, settings)
    lines, gaps = lines_by_reader(against, readers)
    judged = judged_by_all(against, [one.groupings for one in readers])
    sets = shown_sets(against, judged, against.stacked, settings)
    if len(readers) == len(against.everything.reader_labels):
        of_means, mean_gaps = means(against, judged, sets, HIDDEN, settings)
        lines, gaps = [*lines, *of_means], [*gaps, *mean_gaps]
    return replace(
        beside or Beside(),
        agreement=tuple(agreements(against, readers, settings)),
        by_reader=tuple(lines),
        reader_gaps=tuple(gaps),
        readers_note=note_of(said_of_readers(against.everything, settings)),
    )


def judged_by_all(against: Against, others: Sequence[Sequence[Grouping]]) -> list[Grouping]:
    """The groupings of all cases; hidden and withheld is what any of the reports hides."""
    every = [*against.groupings, *(grouping for of_one in others for grouping in of_one)]
    return union([replace(one, hidden=frozenset()) for one in against.whole], every)


def shown_sets(
    against: Against, judged: Sequence[Grouping], labels: IntArray, settings: Settings
) -> list[tuple[CaseSet, ...]]:
    """Everybody and the groups, hidden where they are too few for any of the labels (R, n).

    Tested are those that every reader's labels are enough for.
    """
    cases = against.everything.cases
    sizes = [sizes_of(cases, of_one, settings) for of_one in labels]
    found = sets_of(judged, sizes_of(cases, None, settings), settings)
    return [tuple(judged_set(one, sizes, settings) for one in of_one) for of_one in found]


def judged_set(one: CaseSet, sizes: Sequence[Sizes], settings: Settings) -> CaseSet:
    """The set, hidden where a reader's labels of it are few, untested where not enough."""
    inside = np.zeros(len(sizes[0].patients), dtype=bool)
    inside[one.rows] = True
    hidden, tested = one.hidden, one.tested
    for size in sizes:
        assert size.labels is not None
        read: BoolArray = inside & (size.labels >= 0)
        rarer = min(size.people(read & of_class) for of_class in size.classes)
        hidden = hidden or size.few(read) is not None
        tested = tested and tier(size.people(read), rarer, settings) == "inferential"
    return replace(one, hidden=hidden, tested=tested and not hidden)


def agreements(
    against: Against, readers: Sequence[OneReader], settings: Settings
) -> list[Agreement]:
    """Agreement of everybody and of every group, on the cases that several have read.

    These are protected like a label, too, where they are not all that a reader has read.
    """
    labels = against.stacked
    several = read_by_several(labels)
    coefficient, of_pairs = coefficient_of(labels), np.where(several, labels, -1)
    others = [one.groupings for one in readers]
    for own, paired in zip(labels, of_pairs, strict=True):
        if (own != paired).any() and (paired >= 0).any():
            others.append(against.judged(paired, settings)[1])
    judged = judged_by_all(against, others)
    rounded = {g.attribute.name for g in judged if g.withheld & set(g.attribute.groups)}
    found = []
    for one in (one for s in shown_sets(against, judged, of_pairs, settings) for one in s):
        line = Agreement(
            attribute=one.attribute, group=one.group, coefficient=coefficient, reason=HIDDEN
        )
        if one.hidden:
            found.append(line)
            continue
        share, kappa = agreement(
            labels[:, one.rows],
            against.units[one.rows],
            coefficient,
            settings.replicates,
            settings.seed,
            settings.quantile,
        )
        n = int(several[one.rows].sum())
        (agree, agree_low, agree_high), (value, low, high) = (
            map(number, x) for x in (share, kappa)
        )
        line = Agreement(
            attribute=one.attribute,
            group=one.group,
            n=n,
            agreement=agree,
            agreement_low=agree_low,
            agreement_high=agree_high,
            coefficient=coefficient,
            value=value,
            low=low,
            high=high,
            reason=None if np.isfinite(kappa[0]) else ALL_ALIKE if n else NOTHING_TWICE,
        )
        if one.attribute in rounded:
            line = replace(coarse(line, 1, 0.0), n=None)
        found.append(line)
    return found


def numbers(found: tuple[float, float, float]) -> tuple[float | None, ...]:
    """Value and limits; None where undefined."""
    return tuple(map(number, found))


def said_of_readers(everything: Answered, settings: Settings) -> dict[str, Any]:
    """What a provenance says of the readers: columns, and cases without a majority."""
    sizes = sizes_of(everything.cases, None, settings)
    ties = 0 if everything.labels is None else int((everything.labels < 0).sum())
    undecided = None if sizes.few(sizes.everybody) == FEW else ties
    return {"columns": list(everything.reader_labels), "undecided": undecided}


def note_of(said: dict[str, Any]) -> str:
    """The same in a sentence."""
    ties = "few" if said["undecided"] is None else said["undecided"]
    return (
        f"readers: {', '.join(said['columns'])}. Cases that as many of them call positive as "
        f"negative ({ties}) are left out against the majority, and are in everything else here"
    )
