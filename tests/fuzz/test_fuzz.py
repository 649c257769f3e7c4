"""Odd files, documents and answers for a while: nothing but the project's own errors comes out.

FUZZ_SEED chooses the inputs and FUZZ_FIRST the first of them; SOAK_SECONDS is the length of the
long run (`make soak`), which goes on from other inputs each time.
"""

import os
import time
from pathlib import Path

import fuzzed_commands as commands
import fuzzed_documents as documents
import fuzzed_files as files
import fuzzed_reports as reports
import fuzzed_splits as splits
import fuzzed_weights as weights
import numpy as np
import pytest
from fuzzing import Target, fuzz

from fairness.errors import DataError

TARGETS = (
    splits.npz, splits.split, splits.original_predictions, files.csv_of_predictions,
    files.parquet_of_predictions,
    files.journal, documents.self_description, documents.policy, documents.model_yaml,
    documents.sample_probes, documents.threshold_file,
    documents.earlier_report, documents.settings_file, documents.stored_model,
    documents.state_of_a_run, commands.report, commands.threshold, commands.inspect,
    reports.report_page, weights.weights,
)  # fmt: skip
SECONDS = 1.0
"""Of each target in every run of the tests."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
def test_odd_inputs_are_read_or_refused(target: Target, tmp_path: Path) -> None:
    read, refused = fuzz(target, SECONDS, tmp_path, int(os.environ.get("FUZZ_FIRST", "0")))
    assert refused > 0
    assert read + refused >= 5


def test_the_fuzz_can_fail_and_keeps_the_input(tmp_path: Path) -> None:
    def reader(rng: np.random.Generator, folder: Path) -> None:
        (folder / "input").write_text("odd")
        if rng.random() < 0.5:
            raise KeyError("a surprise")
        raise DataError("refused")

    with pytest.raises(pytest.fail.Exception, match=r"KeyError: .*a surprise.* is kept in"):
        fuzz(reader, 10, tmp_path)
    assert [path.read_text() for path in tmp_path.glob("*/input")] == ["odd"]


@pytest.mark.soak
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
def test_odd_inputs_are_read_or_refused_for_long(target: Target, tmp_path: Path) -> None:
    seconds = float(os.environ.get("SOAK_SECONDS", "60")) / len(TARGETS)
    first = int(os.environ.get("FUZZ_FIRST", time.time_ns() // 10**9))
    read, refused = fuzz(target, seconds, tmp_path, first)
    assert min(read, refused) > 0
