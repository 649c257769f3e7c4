"""p and the interval printed with it agree, whatever the table."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings

QUICK = Settings(replicates=100, suppress_below=0, inferential_from=3)


@st.composite
def tables(draw: st.DrawFn) -> Any:
    """Cases of two to four groups, from separated to random, with ties, alone or in patients."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sizes = draw(st.lists(st.integers(4, 120), min_size=2, max_size=4))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    y = (rng.random(len(codes)) < draw(st.sampled_from([0.1, 0.5, 0.8]))).astype(np.int64)
    apart = rng.uniform(0, 6, len(sizes))[codes]
    score = 1 / (1 + np.exp(-(y - 0.5) * apart - rng.normal(size=len(y))))
    levels = draw(st.sampled_from([0, 2, 5]))
    score = np.round(score * levels) / levels if levels else score
    patients = np.arange(len(y))
    if draw(st.booleans()):
        patients = rng.integers(0, max(2, len(y) // 2), len(y))
    return y, score, codes, patients


@given(tables(), st.sampled_from([0.9, 0.95, 0.99]))
@settings(max_examples=30, deadline=None)
def test_p_is_below_alpha_exactly_where_its_interval_excludes_0(
    table: Any, confidence: float
) -> None:
    y, score, codes, patients = table
    attribute = Attribute("group", tuple(map(str, range(codes.max() + 1))))
    options = Settings(**{**vars(QUICK), "confidence": confidence})
    analysis = analyse(BinaryScores(y, score, 0.5), patients, [plain(attribute, codes)], options)
    alpha = 1 - confidence
    for c in analysis.contrasts:
        couples = [(c.low, c.high, c.p)]
        if c.low_adjusted is not None:
            couples.append((c.low_adjusted, c.high_adjusted, c.p_adjusted))
        for low, high, p in couples:
            excluded = low is not None and high is not None and (low > 0 or high < 0)
            assert p is None or (p < alpha) == excluded, c
            assert p is None or low is not None, c
