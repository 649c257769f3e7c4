"""The operating threshold: by scikit-learn, by brute force, and never on the audited split."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored_files import cohort, document, report, write_csv
from sklearn.metrics import roc_curve

from audit.cli import run
from audit.threshold import choose, read_threshold
from fairness.arrays import FloatArray, IntArray
from fairness.errors import UsageError

SAMPLES = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 12)), min_size=2, max_size=60
).filter(lambda rows: len({y for y, _ in rows}) == 2)


def arrays(rows: list[tuple[int, int]]) -> tuple[IntArray, FloatArray]:
    return np.array([y for y, _ in rows]), np.array([s / 12 for _, s in rows])


def rates(y: IntArray, score: FloatArray, threshold: float) -> tuple[Fraction, Fraction]:
    """Sensitivity and specificity, exactly."""
    positive = score >= threshold
    return (
        Fraction(int((positive & (y == 1)).sum()), int((y == 1).sum())),
        Fraction(int((~positive & (y == 0)).sum()), int((y == 0).sum())),
    )


@given(SAMPLES)
def test_youden_is_the_best_point_of_scikit_learn_s_curve(rows: list[tuple[int, int]]) -> None:
    y, score = arrays(rows)
    fpr, tpr, _ = roc_curve(y, score)
    assert float(sum(rates(y, score, choose(y, score, "youden")))) == pytest.approx(
        1 + (tpr - fpr).max(), abs=1e-12
    )


@given(SAMPLES, st.integers(1, 20))
def test_targets_are_reached_at_the_least_cost(rows: list[tuple[int, int]], k: int) -> None:
    y, score = arrays(rows)
    wanted = Fraction(k, 20)
    everywhere = [rates(y, score, t) for t in (*np.unique(score), np.inf)]
    for which, rule in enumerate(("sensitivity", "specificity")):
        chosen = rates(y, score, choose(y, score, f"{rule}:{k / 20}"))
        # a rate that equals the target but for rounding has reached it
        best = max(r[1 - which] for r in everywhere if float(r[which]) >= float(wanted))
        assert float(chosen[which]) >= float(wanted)
        assert chosen[1 - which] == best


@pytest.mark.parametrize("wanted", [k / n for n in range(1, 12) for k in range(1, n + 1)])
def test_a_share_that_is_reached_exactly_counts(wanted: float) -> None:
    fraction = Fraction(wanted).limit_denominator(30)
    y = np.array([0] + [1] * fraction.denominator)
    score = np.append(0.0, np.arange(1, fraction.denominator + 1))
    sensitivity, _ = rates(y, score, choose(y, score, f"sensitivity:{wanted!r}"))
    assert sensitivity == fraction


@pytest.mark.parametrize(
    "rule", ["best", "youden:1", "sensitivity", "sensitivity:0", "specificity:1.1", "fixed:x", ""]
)
def test_a_rule_that_cannot_be_read_is_refused(rule: str) -> None:
    with pytest.raises(UsageError, match="use youden"):
        choose(np.array([0, 1]), np.array([0.0, 1.0]), rule)


def test_chosen_on_validation_and_used_on_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    val = write_csv(tmp_path / "val.csv", cohort(200, seed=1))
    test = write_csv(tmp_path / "test.csv", cohort(200, seed=2))
    file = tmp_path / "threshold.json"
    flags = ["--from", str(val), "--rule", "sensitivity:0.9", "--out", str(file)]
    assert run(["threshold", *flags]) == 0
    stored = json.loads(file.read_text())
    assert stored["rule"] == "sensitivity:0.9"
    assert stored["split"] == "val"
    assert report(test, tmp_path / "out", "--threshold", file) == 0
    assert len(stored.pop("cases_sha256")) == 2  # could tell a label to who knows the ids
    assert document(tmp_path / "out")["provenance"]["threshold"] == stored
    assert report(val, tmp_path / "tuned", "--threshold", file) == 2
    assert "was tuned on the split that is audited" in capsys.readouterr().err
    assert not (tmp_path / "tuned").exists()


def test_the_tuned_split_is_recognised_however_it_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = cohort(120)
    source = write_csv(tmp_path / "val.csv", columns)
    tuned = tmp_path / "t.json"
    assert run(["threshold", "--from", str(source), "--out", str(tuned)]) == 0
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    pq.write_table(table, tmp_path / "same.pq")
    write_csv(tmp_path / "columns.csv", dict(reversed(columns.items())))
    write_csv(tmp_path / "rows.csv", {name: values[::-1] for name, values in columns.items()})
    write_csv(tmp_path / "no_ids.csv", {n: v for n, v in columns.items() if n != "id"})
    other_scores = [1 - score for score in columns["score"]]  # type: ignore[operator]
    write_csv(tmp_path / "other_model.csv", columns | {"score": other_scores})
    names = ("same.pq", "columns.csv", "rows.csv", "no_ids.csv", "other_model.csv")
    for name in names:
        assert report(tmp_path / name, tmp_path / "out", "--threshold", tuned) == 2
        assert "was tuned on the split that is audited" in capsys.readouterr().err
    fewer = write_csv(tmp_path / "fewer.csv", {n: v[:100] for n, v in columns.items()})
    assert report(fewer, tmp_path / "out", "--threshold", tuned) == 0


def test_records_of_a_run_are_recognised_as_csv(tmp_path: Path) -> None:
    """Our own files state a fingerprint, which a copy in csv loses."""
    source = write_csv(tmp_path / "f.csv", cohort(120))
    assert report(source, tmp_path / "run") == 0
    ours = tmp_path / "run" / "records" / "outcomes.parquet"
    tuned = tmp_path / "t.json"
    assert run(["threshold", "--from", str(ours), "--out", str(tuned)]) == 0
    copied = pq.read_table(ours).to_pydict()
    blank = {n: ["" if x is None else x for x in values] for n, values in copied.items()}
    assert report(write_csv(tmp_path / "c.csv", blank), tmp_path / "o", "--threshold", tuned) == 2


def test_a_file_of_an_earlier_version_still_counts(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('{"value": 0.5, "rule": "youden", "split": "val", "split_sha256": "x"}')
    assert read_threshold(str(path), "ab", ("cd",)).value == 0.5
    for same in (("x", ()), ("ab", ("x",))):
        with pytest.raises(UsageError, match="was tuned on the split"):
            read_threshold(str(path), *same)


def test_a_fixed_threshold_is_tuned_on_nothing(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "f.csv", cohort(100))
    file = tmp_path / "t.json"
    assert run(["threshold", "--from", str(source), "--rule", "fixed:0.4", "--out", str(file)]) == 0
    assert report(source, tmp_path / "out", "--threshold", file) == 0


@pytest.mark.parametrize(
    "content", ['{"value": 0.5}', "[]", "not json", '{"value": NaN}', b"\xff\xfe\x00"]
)
def test_a_file_that_is_no_threshold_is_one_line(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as caught:
        read_threshold(str(path), "ab")
    assert "\n" not in str(caught.value)


def test_a_threshold_must_be_finite(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('{"value": NaN, "rule": "youden", "split": "val", "split_sha256": "x"}')
    for text in (str(path), "nan", "inf"):
        with pytest.raises(UsageError):
            read_threshold(text, "ab")
