"""REST: what goes over it, and servers that answer what is none of the protocol's."""

import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from fake_rest import FakeRest, Said, binary, in_json, numbers, reply, rest_serving
from fake_server import FakeServer, serving
from PIL import Image as Pillow

from audit.client.predictor import ServedPredictor
from fairness.arrays import Array

DESCRIPTION = """
task: classification
target: finding
threshold: 0.5
input: {name: image, layout: NHW}
output: {name: probability, holds: probability}
"""
SIDE = 24


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """A table of small pictures, and what the server answers: the mean grey of each."""
    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(2)
    found, rows = {}, ["file,finding,sex"]
    for number in range(80):
        pixels = rng.integers(0, 256, (SIDE, SIDE)).astype(np.uint8) // (1 + number % 4)
        Pillow.fromarray(pixels).save(folder / f"p{number}.png")
        rows.append(f"p{number}.png,{number % 2},{'FM'[number // 2 % 2]}")
        found[f"p{number}.png"] = float(pixels.mean()) / 255
    (folder / "people.csv").write_text("\n".join(rows))
    return folder / "people.csv", found


@pytest.fixture
def flags(people: tuple[Path, dict[str, float]], tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "model.yaml").write_text(DESCRIPTION)
    described = ("--model", "m", "--spec", tmp_path / "model.yaml")
    data = ("--data", people[0], "--attributes", "sex", "--replicates", 100)
    return (*described, *data, "--out", tmp_path / "run", "--retry-for", 0)


def scores(out: Path) -> dict[str, float]:
    rows = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    return dict(zip(rows["id"], rows["score"], strict=True))


@pytest.mark.parametrize("extensions", [(), ("binary_tensor_data",)], ids=["json", "binary"])
def test_a_model_is_audited_over_rest(
    extensions: tuple[str, ...], flags: tuple[object, ...], tmp_path: Path,
    people: tuple[Path, dict[str, float]],
) -> None:  # fmt: skip
    fake = FakeRest(extensions)
    with rest_serving(fake) as endpoint:
        assert audit(endpoint, *flags) == 0
    assert scores(tmp_path / "run") == pytest.approx(people[1], abs=1e-6)
    assert sorted(fake.sizes) == [16, 32, 32]
    about = json.loads((tmp_path / "run" / "report" / "report.json").read_text())["provenance"]
    assert about["server"]["name"] == "rest 2"
    assert about["server"]["endpoint"] == endpoint


def test_a_batch_that_is_too_large_is_halved(
    flags: tuple[object, ...], tmp_path: Path, people: tuple[Path, dict[str, float]],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fake = FakeRest(("binary_tensor_data",), receives=9 * SIDE**2 + 300)
    with rest_serving(fake) as endpoint:
        assert audit(endpoint, *flags) == 0
    assert scores(tmp_path / "run") == pytest.approx(people[1], abs=1e-6)
    assert max(fake.sizes) == 8
    assert "more than the server takes; they are sent in parts of 8" in capsys.readouterr().out


def test_json_has_no_more_numbers_than_it_should(
    flags: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("audit.client.rest_tensors.MOST_NUMBERS", 5 * SIDE**2)
    fake = FakeRest()
    with rest_serving(fake) as endpoint:
        assert audit(endpoint, *flags) == 0
    assert max(fake.sizes) == 4
    assert "more than a request in JSON takes; they are sent in parts of 4" in (
        capsys.readouterr().out
    )


def told(content: bytes, status: int = 200, **headers: str) -> Said:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, content


LIES = {
    "not a number": (
        lambda x: in_json(reply(x, data=[float("nan")] * len(x))), "NaN is no number of JSON"),
    "too large": (lambda x: told(b" " * 12 * 2**20), "sent more than its description allows"),
    "compressed": (lambda x: told(b"x", Content_Encoding="gzip"), "the reply is compressed"),
    "elsewhere": (lambda x: told(b"", 302, Location="http://h/"), "refused: Found (HTTP 302)"),
    "head too long": (
        lambda x: told(b"{}", Inference_Header_Content_Length="3"), "header of JSON has '3' of 2"),
    "head negative": (
        lambda x: told(b"{}", Inference_Header_Content_Length="-1"), "header of JSON has '-1'"),
    "tensor too short": (lambda x: binary(x, 4), "came as 4 bytes of FP32"),
    "broken off": (lambda x: told(b"{", Content_Length="999"), "went away"),
    "traceback": (lambda x: told(b"Traceback\n x\nKeyError: 1\n", 500), "refused: KeyError: 1"),
    "detail": (lambda x: in_json({"detail": "no input"}, 400), "refused: no input (HTTP 400)"),
    "gone": (lambda x: in_json({"error": "not found"}, 404), "is no longer loaded"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_an_answer_that_is_none_is_one_line(
    name: str, flags: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    infer, message = LIES[name]
    with rest_serving(FakeRest(infer=infer)) as endpoint:
        line = failure(capsys, 3, endpoint, *flags)
    assert message in line
    assert len(line) < 1000


def test_a_tensor_that_ends_early_is_refused(
    flags: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeRest(("binary_tensor_data",), infer=lambda x: short(binary(x)))
    with rest_serving(fake) as endpoint:
        assert "bytes of FP32 for shape" in failure(capsys, 3, endpoint, *flags)


def short(said: Said) -> Said:
    return said[0], said[1], said[2][:-4]


@pytest.mark.parametrize(
    ("path", "answer", "message"),
    [
        ("ready", told(b"", 503), "is not ready: a model failed to load"),
        ("health/ready", told(b"", 404), "is no server of the Open Inference Protocol (HTTP 404"),
        ("/v2", in_json([]), "said of itself what is not of the protocol"),
        ("/v2", in_json({"extensions": [1]}), "said of itself what is not of the protocol"),
        ("models/m/ready", told(b"", 404), "model 'm' is not ready"),
        ("models/m/ready", told(b"", 500), "refused: Internal Server Error (HTTP 500)"),
        ("/v2/models/m", in_json({"inputs": [{"shape": ["x"]}]}), "not of the protocol"),
        ("/v2/models/m", told(b"{" * 10**5), "not of the protocol"),
        ("/v2/models/m", in_json({"versions": ["../1"]}), "neither a number nor a plain word"),
        ("/config", in_json({"parameters": [1]}), "not of the protocol"),
    ],
)
def test_a_description_that_is_none_is_one_line(
    path: str, answer: Said, message: str, flags: tuple[object, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with rest_serving(FakeRest(answers={path: answer})) as endpoint:
        assert message in failure(capsys, 3, endpoint, *flags)


def test_bytes_that_come_one_by_one_do_not_outlast_the_deadline(
    flags: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("audit.run.ServedPredictor", partial(ServedPredictor, timeout=0.5))
    began = time.monotonic()
    with rest_serving(FakeRest(trickles=True)) as endpoint:
        line = failure(capsys, 3, endpoint, *flags)
    assert "took too long to answer" in line
    assert time.monotonic() - began < 5


def test_a_grpc_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(FakeServer()) as endpoint:
        line = failure(capsys, 3, f"http://{endpoint}")
    assert "no server answers in HTTP at" in line
    assert "a gRPC port has no http:// before it" in line


def test_numbers_may_come_in_rows(
    flags: tuple[object, ...], tmp_path: Path, people: tuple[Path, dict[str, float]]
) -> None:
    def rows(images: Array) -> Said:
        document = json.loads(numbers(images)[2])
        document["outputs"][0]["data"] = [[value] for value in document["outputs"][0]["data"]]
        return in_json(document)

    with rest_serving(FakeRest(infer=rows)) as endpoint:
        assert audit(endpoint, *flags) == 0
    assert scores(tmp_path / "run") == pytest.approx(people[1], abs=1e-6)
