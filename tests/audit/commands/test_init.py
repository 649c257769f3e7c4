"""`fair-audit init`: what it drafts is what the server says, and can be followed as it is."""

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fair_audit_runs import audit
from PIL import Image as Pillow

from audit.cli import run
from audit.client.foreign import resolved
from audit.draft import draft
from fairness.errors import UsageError
from fairness.foreign.model_yaml import GUESS, read_model_yaml

pytest_plugins = ["audit_fixtures"]

MODELS = ["colours", "one_at_a_time", "bytes", "structures"]


def init(endpoint: str, model: str, out: Path) -> int:
    return run(["init", "--endpoint", endpoint, "--model", model, "--out", str(out)])


@pytest.mark.parametrize("model", MODELS)
def test_a_draft_fits_the_server_and_keeps_a_file_that_is_there(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    spec = tmp_path / "model.yaml"
    assert init(endpoint, f"foreign_{model}", spec) == 0
    text = spec.read_text()
    printed = capsys.readouterr().out
    assert f"{text.count(f'# {GUESS}:')} guesses" in printed
    said = read_model_yaml(spec).description
    assert said.task == ("segmentation" if model == "structures" else "classification")
    assert said.input.dtype == {"one_at_a_time": "fp16", "bytes": "uint8"}.get(model, "fp32")
    assert said.input.size == (None if model == "bytes" else (24, 28))
    assert init(endpoint, f"foreign_{model}", spec) == 2
    assert "is there; name another" in capsys.readouterr().err
    assert spec.read_text() == text


@pytest.fixture
def people(tmp_path: Path) -> Path:
    lines = ["file,target,sex"]
    for number in range(12):
        image = np.random.default_rng(number).integers(0, 256, (30, 40, 3)).astype(np.uint8)
        Pillow.fromarray(image).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{number % 2},{'FM'[number // 6]}")
    (tmp_path / "people.csv").write_text("\n".join(lines))
    return tmp_path / "people.csv"


def test_a_draft_can_be_audited_as_it_is(endpoint: str, tmp_path: Path, people: Path) -> None:
    spec, out = tmp_path / "model.yaml", tmp_path / "run"
    assert init(endpoint, "foreign_colours", spec) == 0
    flags = ("--model", "foreign_colours", "--spec", spec, "--data", people)
    assert audit(endpoint, *flags, "--attributes", "sex", "--replicates", 100, "--out", out) == 0
    report = (out / "report" / "report.md").read_text()
    assert "(declared)" in report
    assert "described by model.yaml (8 guesses in it unchecked), SHA-256" in report


@pytest.mark.parametrize("model", MODELS[:3])
def test_the_line_that_init_prints_gives_a_verified_report(
    endpoint: str, tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    spec, out = tmp_path / "model.yaml", tmp_path / "run"
    words = ["--endpoint", endpoint, "--model", f"foreign_{model}", "--data", str(people)]
    words += ["--attributes", "sex"]
    assert run(["init", *words, "--probes", "8", "--out", str(spec)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "8 samples (4 positive, 4 negative): answers in" in " ".join(lines)
    printed = shlex.split(lines[-1])
    assert printed == ["fair-audit", *words, "--spec", str(spec)]
    assert run([*printed[1:], "--replicates", "100", "--out", str(out)]) == 0
    assert "(verified against 20" in (out / "report" / "report.md").read_text()


def test_a_model_that_describes_itself_needs_no_draft(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(endpoint, "sound", tmp_path / "m.yaml") == 2
    assert "model 'sound' describes itself" in capsys.readouterr().err
    assert init(endpoint, "absent", tmp_path / "m.yaml") == 3
    assert "'absent' is not ready" in capsys.readouterr().err
    assert not (tmp_path / "m.yaml").exists()


def tensor(name: str, datatype: str, *shape: int) -> Any:
    return SimpleNamespace(name=name, datatype=datatype, shape=list(shape))


@pytest.mark.parametrize(
    ("taken", "given"),
    [
        (("FP32", -1, 3, 224, 224), ("FP32", -1, 1000)),
        (("FP32", -1, 224, 224, 3), ("FP32", -1, 1)),
        (("FP16", 1, 1, 64, 64), ("FP32", 1, 14)),
        (("UINT8", -1, -1, -1), ("FP32", -1, 2)),
        (("FP32", 512, 512), ("FP32", 1)),
        (("FP32", -1, 1, 64, 64), ("INT64", -1, 64, 64)),
        (("UINT8", -1, 64, 64, 3), ("UINT8", -1, 64, 64, 1)),
        (("FP32", -1, 1, 64, 64), ("FP32", -1, 1, 64, 64)),
        (("FP32", -1, 64, 64), ("FP32", -1, 64, 64)),
        (("FP32", -1, 3, 64, 64), ("FP32", -1, 40, 64, 64)),
    ],
)
def test_every_usual_shape_gives_a_draft_that_the_server_does_not_contradict(
    tmp_path: Path, taken: tuple[Any, ...], given: tuple[Any, ...]
) -> None:
    tensors = {"inputs": [tensor("a: b", *taken)], "outputs": [tensor("#y", *given)]}
    metadata = SimpleNamespace(**tensors)
    (tmp_path / "m.yaml").write_text(draft("m", metadata))
    found = resolved(read_model_yaml(tmp_path / "m.yaml"), metadata, "m")
    assert len(found.layout) == len(taken) - 1
    assert found.output_type == given[0]


def test_an_input_of_any_length_is_to_be_filled_in(tmp_path: Path) -> None:
    inputs = [tensor("ids", "INT64", -1, -1, 4), tensor("x", "FP32", -1, 1, 64, 64)]
    metadata = SimpleNamespace(inputs=inputs, outputs=[tensor("y", "FP32", -1, 1)])
    text = draft("m", metadata)
    told = f"shape:  # {GUESS}: to be filled in: that of one sample, where the server says [-1, 4]"
    assert told in text
    assert '  name: "x"' in text
    (tmp_path / "m.yaml").write_text(text.replace("column:  #", "column: tokens  #"))
    with pytest.raises(UsageError, match="inputs.ids.shape: the server says"):
        resolved(read_model_yaml(tmp_path / "m.yaml"), metadata, "m")
    inputs[0].datatype = "BYTES"
    with pytest.raises(UsageError, match="input 'ids' is BYTES; fair-audit sends"):
        draft("m", metadata)


def test_scores_are_drafted_where_a_label_stands_before_them() -> None:
    outputs = [tensor("label", "INT64", -1), tensor("probabilities", "FP32", -1, 2)]
    metadata = SimpleNamespace(inputs=[tensor("x", "FP32", -1, 1, 64, 64)], outputs=outputs)
    text = draft("m", metadata)
    assert f'  name: "probabilities"  # {GUESS}: there is also "label"' in text
    assert "positive: 1" in text


def test_what_goes_beside_the_image_is_filled_in_before_a_sample_is_sent(
    endpoint: str, tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "model.yaml"
    words = ["--endpoint", endpoint, "--model", "foreign_beside", "--data", str(people)]
    words += ["--attributes", "sex"]
    assert run(["init", *words, "--out", str(spec)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "takes more than the image, so no sample was sent" in printed[0]
    again = shlex.split(printed[-1])
    assert again == ["fair-audit", "init", *words, "--spec", str(spec)]
    assert run(again[1:]) == 2
    text = spec.read_text()
    line = text.splitlines().index('  "age":') + 2
    assert f"line {line}, inputs.age.column: name a column, or a constant" in (
        capsys.readouterr().err
    )
    filled = "column: sex\n    codes: {F: 0, M: 1}"
    for value in ("constant: 0.5", filled, "constant: 2", "constant: 0"):
        text = text.replace("column:  #", f"{value}  #", 1)
    text = text.replace("holds: probability", "holds: logit")
    spec.write_text(text)
    assert run(again[1:]) == 0
    assert "8 samples (4 positive, 4 negative): answers in" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.parametrize(
    "inputs",
    [
        [tensor("ids", "INT64", -1, 77)],
        [tensor("x", "FP32", -1, 10)],
        [tensor("x", "FP32", -1, 5, 64, 64)],
        [tensor("x", "FP32", -1, 3, 64, 64), tensor("prior", "FP32", -1, 3, 64, 64)],
        [tensor("ids", "INT64", -1, 77), tensor("age", "FP32", -1, 1)],
        [],
    ],
)
def test_what_is_no_single_image_is_to_be_described_by_hand(inputs: list[Any]) -> None:
    outputs = [tensor("y", "FP32", -1, 1)]
    with pytest.raises(UsageError, match="write model.yaml by hand"):
        draft("m", SimpleNamespace(inputs=inputs, outputs=outputs))
