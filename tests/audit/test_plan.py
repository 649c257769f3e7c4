"""Refusals before a sample is sent: the server's own count of inferences does not move."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fair_audit_runs import audit, failure
from tritonclient.grpc import InferenceServerClient

from audit.out_folder import check_writable
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import UsageError

pytest_plugins = ["audit_fixtures"]

POLICY = "name: p\nrules: [{metric: auc, attribute: race, min: 0.1}]\n"
CHANGE = "name: p\nrules: [{metric: auc, attribute: race, change: true, min: -0.1}]\n"


@pytest.fixture(scope="module")
def earlier(endpoint: str, split_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the same split."""
    out = tmp_path_factory.mktemp("earlier") / "run"
    flags = ("--model", "sound", "--data", split_root, "--replicates", 100)
    assert audit(endpoint, *flags, "--out", out) == 0
    return out


@pytest.fixture
def inferences(endpoint: str) -> Callable[[], int]:
    """How many inferences the server has made for all models."""

    def count() -> int:
        client = InferenceServerClient(endpoint)
        statistics = client.get_inference_statistics()
        client.close()
        return sum(model.inference_count for model in statistics.model_stats)

    return count


def policy(tmp_path: Path, rule: str = "", text: str = POLICY) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text if not rule else f"name: p\nrules: [{{{rule}}}]\n")
    return path


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--strict",), "--strict does nothing without margins"),
        (("--baseline", "nowhere"), "--baseline does nothing without margins"),
        (("--confidence", "2"), r"--confidence must lie in \[0.5, 1\)"),
        (("--replicates", "10"), "--replicates must be at least 100"),
        (("--power", "1"), r"--power must lie in \(0, 1\)"),
        (("--calibration-bins", "0"), "--calibration-bins must be at least 1"),
        (("--seed", "-1"), "must not be negative"),
        (("--in-flight", "0"), "--in-flight must be at least 1"),
        (("--worst", "-1"), "--worst must not be negative"),
        (("--attributes", "rase"), "no attribute 'rase'"),
        (("--intersect", "race*shoe"), "cross two or more of"),
        (("--age-bins", "60,40"), "bins of 'age'"),
        (("--control", "wealth"), "no covariate 'wealth'"),
        (("--compat", "fairseg"), "evaluates segmentation, these are results of classification"),
        (("--compat", "fairclip", "--attributes", "maritalstatus"), "--compat fairclip needs"),
        (("--threshold", "absent.json"), "No such file"),
        (("--threshold", "nan"), "nan is no number"),
        (("--keep-masks",), "the model draws no masks"),
        (("--policy", "absent.yaml"), "No such file"),
    ],
)
def test_a_flag_is_refused_before_anything_is_sent(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    inferences: Callable[[], int], flags: tuple[str, ...], message: str,
) -> None:  # fmt: skip
    before = inferences()
    where = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run")
    assert re.search(message, failure(capsys, 2, endpoint, *where, *flags))
    assert inferences() == before
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("metric: auc, attribute: rase, min: 0.1", "auc of rase: no such attribute"),
        ("metric: auk, attribute: race, min: 0.1", "auk of race: no such number"),
        ("metric: auc, attribute: race, groups: [Blak], min: 0.1", "no group Blak"),
        ("metric: es_auc, attribute: race, min: 0.1", "its scope must be gap"),
        ("metric: auc, attribute: race, change: true, min: -0.1", "needs --baseline RUN"),
    ],
)
def test_a_rule_of_the_policy_is_refused_before_anything_is_sent(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    inferences: Callable[[], int], rule: str, message: str,
) -> None:  # fmt: skip
    before = inferences()
    where = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run")
    line = failure(capsys, 2, endpoint, *where, "--policy", policy(tmp_path, rule))
    assert message in line
    assert inferences() == before
    assert not (tmp_path / "run").exists()


def test_a_baseline_is_refused_before_anything_is_sent(
    endpoint: str, split_root: Path, masks_root: Path, tmp_path: Path, earlier: Path,
    capsys: pytest.CaptureFixture[str], inferences: Callable[[], int],
) -> None:  # fmt: skip
    others = tmp_path / "data"  # the same samples but one
    shutil.copytree(split_root, others)
    sorted((others / "Test").glob("*.npz"))[0].unlink()
    rules = ("--policy", policy(tmp_path, text=CHANGE))
    before = inferences()
    sound = ("--model", "sound", "--out", tmp_path / "run", *rules)
    nowhere = ("--data", split_root, "--baseline", tmp_path / "nowhere")
    assert "no such file" in failure(capsys, 3, endpoint, *sound, *nowhere)
    other = ("--data", others, "--baseline", earlier)
    assert "it scored other samples" in failure(capsys, 2, endpoint, *sound, *other)
    shutil.copytree(earlier, tmp_path / "unreported")
    shutil.rmtree(tmp_path / "unreported" / "report")
    bare = ("--data", split_root, "--baseline", tmp_path / "unreported")
    assert "report.json" in failure(capsys, 3, endpoint, *sound, *bare)
    assert inferences() == before
    assert not (tmp_path / "run").exists()


def test_an_output_folder_is_refused_before_anything_is_sent(
    endpoint: str, split_root: Path, tmp_path: Path, earlier: Path,
    capsys: pytest.CaptureFixture[str], inferences: Callable[[], int],
) -> None:  # fmt: skip
    before = inferences()
    where = ("--model", "sound", "--data", split_root, "--out")
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        assert "is a file; choose another" in failure(capsys, 2, endpoint, *where, out)
    assert "already holds a run" in failure(capsys, 2, endpoint, *where, earlier)
    line = failure(capsys, 2, endpoint, *where, earlier, "--resume", "--no-distances")
    assert "its distances was True, now it is False" in line
    assert inferences() == before


def test_a_folder_without_the_right_to_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(tmp_path / "new" / "run")
    assert not (tmp_path / "new").exists()
    monkeypatch.setattr("os.access", lambda *_: False)  # who runs the tests may be root
    with pytest.raises(UsageError, match=f"no right to write into {tmp_path}"):
        check_writable(tmp_path / "new" / "run")


def test_a_threshold_tuned_on_the_audited_split_is_refused_before_anything_is_sent(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    inferences: Callable[[], int],
) -> None:  # fmt: skip
    sha256 = FairVLMed(split_root, "test").fingerprint()
    tuned = {"value": 0.5, "rule": "youden", "split": "val", "split_sha256": sha256}
    (tmp_path / "threshold.json").write_text(json.dumps(tuned))
    before = inferences()
    where = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run")
    line = failure(capsys, 2, endpoint, *where, "--threshold", tmp_path / "threshold.json")
    assert "was tuned on the split that is audited" in line
    assert inferences() == before


def test_an_image_that_the_model_does_not_take_is_refused_before_anything_is_sent(
    endpoint: str, masks_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    inferences: Callable[[], int],
) -> None:  # fmt: skip
    root = tmp_path / "data"
    shutil.copytree(masks_root, root)
    last = sorted(root.glob("*.npz"))[-1]
    with np.load(last) as stored:
        arrays = {key: stored[key] for key in stored.files}
    for name in ("slo_fundus", "disc_cup_mask"):
        arrays[name] = arrays[name][:, :100]
    np.savez(last, **arrays)
    before = inferences()
    where = ("--model", "masks", "--data", root, "--out", tmp_path / "run")
    line = failure(capsys, 3, endpoint, *where)
    assert f"{last.stem}: an image of (96, 100), where (96, 112) is needed" in line
    assert inferences() == before
    assert not (tmp_path / "run").exists()


def test_of_several_models_none_is_asked_where_one_cannot_be_audited(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    inferences: Callable[[], int],
) -> None:  # fmt: skip
    before = inferences()
    audit(endpoint, "--data", split_root, "--out", tmp_path / "all")
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert inferences() == before
    assert not (tmp_path / "all").exists()
