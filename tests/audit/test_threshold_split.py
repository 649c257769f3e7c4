"""`--threshold RULE --threshold-split SPLIT`: chooses on one split and audits another, at once."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fair_audit_runs import answered, audit, failure
from fake_server import serving
from odd_server import FLAGS, OddServer, write_greys

from audit.cli import run
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

pytest_plugins = ["audit_fixtures"]

OF_CHOICE = Path("records", "threshold", "records", "journal.sqlite")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("both")
    write_fairvlmed(root, Recipe(train=2, val=24, test=24, seed=3))
    return root


def flags(root: Path, out: Path, *others: object) -> tuple[object, ...]:
    return ("--model", "sound", "--data", root, "--replicates", 100, "--out", out, *others)


@pytest.mark.further
def test_it_is_what_three_commands_give(endpoint: str, both: Path, tmp_path: Path) -> None:
    at_once, val, by_hand = tmp_path / "at_once", tmp_path / "val", tmp_path / "by_hand"
    rule = ("--threshold", "sensitivity:0.8", "--threshold-split", "val")
    assert audit(endpoint, *flags(both, at_once, *rule)) == 0
    assert audit(endpoint, *flags(both, val, "--split", "val")) == 0
    source = val / "records" / "outcomes.parquet"
    chosen = tmp_path / "threshold.json"
    command = ["threshold", "--from", str(source), "--rule", "sensitivity:0.8"]
    assert run([*command, "--out", str(chosen)]) == 0
    tuned = ("--threshold", chosen, "--threshold-runs", val)
    assert audit(endpoint, *flags(both, by_hand, *tuned)) == 0
    beside = json.loads((by_hand / "report" / "report.json").read_text())["beside"]
    assert "by sensitivity:0.8 on 24 patients" in beside["chosen"]["note"]
    first, second = (
        json.loads((out / "report" / "report.json").read_text())["provenance"]["threshold"]
        for out in (at_once, by_hand)
    )
    assert first == second
    assert (first["rule"], first["split"]) == ("sensitivity:0.8", "val")
    assert first["value"] != 0.25, "which the model would have used"
    same = [(out / "report" / "groups.csv").read_bytes() for out in (at_once, by_hand)]
    assert same[0] == same[1]
    written = json.loads((at_once / "records" / "threshold.json").read_text())
    assert written["value"] == first["value"]
    private = [at_once / "records", *(at_once / "records").rglob("*")]
    assert {oct(path.stat().st_mode & 0o777) for path in private} == {"0o600", "0o700"}
    ids = set(pq.read_table(at_once / "records" / "outcomes.parquet")["id"].to_pylist())
    assert len(ids) == 24
    assert ids.isdisjoint(pq.read_table(source)["id"].to_pylist()), "only the audited split"


def test_a_choice_that_was_cut_off_goes_on(
    endpoint: str, both: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out, rule = tmp_path / "run", ("--threshold", "youden", "--threshold-split", "val")

    def broken(*_: object) -> float:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("audit.threshold.choose", broken)
        assert "and --resume" in failure(capsys, 130, endpoint, *flags(both, out, *rule))
    assert answered(out / OF_CHOICE) == 24
    assert not (out / "report").exists()
    line = failure(capsys, 2, endpoint, *flags(both, out, *rule))
    assert "continue it with --resume" in line
    assert audit(endpoint, *flags(both, out, *rule, "--resume")) == 0
    assert "sound: 24 images" in capsys.readouterr().out.split("threshold ")[1]
    assert (out / "report" / "report.md").exists()


def test_a_table_of_a_described_model_has_both_splits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, spec = write_greys(tmp_path), tmp_path / "model.yaml"
    server = OddServer()
    with serving(server) as address:
        words = ["--endpoint", address, "--model", "m", "--data", str(table), *FLAGS]
        words += ["--split-column", "part"]
        assert run(["init", *words, "--samples", "2", "--out", str(spec)]) == 0
        rule = ["--threshold", "youden", "--threshold-split", "val", "--replicates", "100"]
        audit_it = [*words, "--spec", str(spec), *rule, "--out", str(tmp_path / "run")]
        assert run(audit_it) == 0
    assert "by youden on 8 samples of the val split" in capsys.readouterr().out
    chosen = json.loads((tmp_path / "run" / "records" / "threshold.json").read_text())
    # of val the negative ones end at level 120, the positive ones begin at 160
    assert chosen["value"] == pytest.approx(140 / 255, abs=1e-6)
    assert server.answered == 2 + 2 + 1, "8 of val and 4 of test, in batches of 4"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("youden", "test"), "24 of its samples are in the audited split test"),
        (("youden:2", "val"), "use youden, sensitivity:0.9 or specificity:0.9"),
        (("fixed:0.5", "val"), "use youden, sensitivity:0.9 or specificity:0.9"),
        (("youden", "vla"), "vla"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    endpoint: str, both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    given: tuple[str, str], message: str,
) -> None:  # fmt: skip
    rule = ("--threshold", given[0], "--threshold-split", given[1])
    assert message in failure(capsys, 2, endpoint, *flags(both, tmp_path / "run", *rule))
    assert not (tmp_path / "run").exists()


def test_half_of_the_flags_names_the_other_half(
    endpoint: str, both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    line = failure(capsys, 2, endpoint, *flags(both, out, "--threshold", "youden"))
    assert "a rule (youden, ...) with --threshold-split val" in line
    line = failure(capsys, 2, endpoint, *flags(both, out, "--threshold-split", "val"))
    assert "name the rule, too: --threshold youden" in line
    assert not out.exists()
