"""What a report says of the run itself, where too few people took part to say how many."""

from typing import Any

import numpy as np
import pytest

from fairness.attributes import GENDER
from fairness.groups import plain
from fairness.outcomes import Names, Outcomes
from fairness.statistics.binary import BinaryScores
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.measured import Measured


@pytest.mark.parametrize(("n", "is_told"), [(8, False), (80, True)])
def test_neither_count_nor_speed_is_told_of_few(n: int, is_told: bool) -> None:
    y = np.arange(n, dtype=np.int64) % 2
    codes, ids = np.arange(n, dtype=np.int64) // 2 % 2, tuple(map(str, range(n)))
    outcomes = Outcomes(
        ids=ids, patients=ids, attributes=(GENDER,), codes={"gender": codes}, covariates={},
        target=y, score=np.linspace(0.1, 0.9, n),
    )  # fmt: skip
    measures = BinaryScores(y, outcomes.score, 0.5)
    measured = Measured(Names("m", "d", "s"), outcomes, measures, "classification")
    about: dict[str, Any] = {
        "data": {"n": n, "n_skipped": 0},
        "speed": {"images": n, "seconds": 0.5, "images_per_second": 2.0 * n},
        "delivery": {"requests": n},
    }
    report = summarise(measured, [plain(GENDER, codes)], about, Settings(replicates=100))
    assert (report.provenance["data"]["n"] == n) is is_told
    assert (report.provenance["speed"] == about["speed"]) is is_told
    assert (report.provenance["delivery"] == about["delivery"]) is is_told
